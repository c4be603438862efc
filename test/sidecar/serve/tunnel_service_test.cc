#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "test/sidecar/serve/support.h"

namespace conflux::sidecar::test {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

class TunnelsServed : public Served {
 protected:
  // All pages of so many tunnels.
  std::vector<std::uint32_t> all_ids(std::uint32_t page_size, int* pages = nullptr) {
    std::vector<std::uint32_t> ids;
    pb::ListTunnelsRequest request;
    request.set_page_size(page_size);
    do {
      pb::ListTunnelsResponse response;
      const grpc::Status status = list(request, response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const pb::Tunnel& tunnel : response.tunnels()) ids.push_back(tunnel.display_id());
      request.set_page_token(response.next_page_token());
      if (pages != nullptr) ++*pages;
    } while (!request.page_token().empty());
    return ids;
  }
};

TEST_F(TunnelsServed, TellsAllOfATunnel) {
  Proxy a = proxy("a", 4);
  a.publish_tunnel(2, 77);
  serve();
  pb::ListTunnelsResponse response;
  ASSERT_TRUE(list({}, response).ok());
  ASSERT_EQ(response.tunnels_size(), 1);
  EXPECT_EQ(response.total(), 1U);
  const pb::Tunnel& tunnel = response.tunnels(0);
  EXPECT_EQ(tunnel.instance(), "a");
  EXPECT_EQ(tunnel.display_id(), 1002U);
  EXPECT_EQ(tunnel.state(), pb::Tunnel::STATE_READY);
  EXPECT_EQ(tunnel.cells_received(), 77U);
  ASSERT_EQ(tunnel.legs_size(), 2);
  EXPECT_EQ(tunnel.legs(1).state(), pb::Leg::STATE_LINKED);
  EXPECT_EQ(tunnel.legs(1).rtt().nanos(), 120'000'000);
  EXPECT_EQ(tunnel.legs(1).cwnd(), 600U);
}

TEST_F(TunnelsServed, ArePagedWholeAndInAStableOrder) {
  Proxy a = proxy("a", 200);
  Proxy b = proxy("b", 100);
  for (std::size_t i = 0; i < 180; ++i) a.publish_tunnel(i);
  for (std::size_t i = 0; i < 70; ++i) b.publish_tunnel(i);
  serve();
  int pages = 0;
  const std::vector<std::uint32_t> ids = all_ids(100, &pages);
  EXPECT_EQ(pages, 3);
  ASSERT_EQ(ids.size(), 250U);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.begin() + 180));
  EXPECT_TRUE(std::is_sorted(ids.begin() + 180, ids.end()));
  EXPECT_EQ(all_ids(1000), ids);
}

TEST_F(TunnelsServed, ArePagedOnFromTheirPlaceWhenSomeHaveGone) {
  Proxy a = proxy("a", 20);
  for (std::size_t i = 0; i < 20; ++i) a.publish_tunnel(i);
  serve();
  pb::ListTunnelsRequest request;
  request.set_page_size(10);
  pb::ListTunnelsResponse response;
  ASSERT_TRUE(list(request, response).ok());
  for (std::size_t i = 5; i < 12; ++i) a.writer().clear_slot(i);
  request.set_page_token(response.next_page_token());
  // A list that is still fresh may be told once more.
  do {
    response.Clear();
    ASSERT_TRUE(list(request, response).ok());
  } while (response.total() == 20);
  ASSERT_EQ(response.tunnels_size(), 8);
  EXPECT_EQ(response.tunnels(0).display_id(), 1012U) << "none twice, none left out";
  EXPECT_TRUE(response.next_page_token().empty());
}

TEST_F(TunnelsServed, RefuseAPageTokenOfSomebodyElse) {
  Proxy a = proxy("a", 20);
  for (std::size_t i = 0; i < 20; ++i) a.publish_tunnel(i);
  serve();
  pb::ListTunnelsRequest request;
  request.set_page_size(10);
  pb::ListTunnelsResponse response;
  ASSERT_TRUE(list(request, response).ok());
  const std::string token = response.next_page_token();
  for (const std::string& wrong :
       {std::string("10"), token + "x", "0" + token, std::string(token.size(), '0')}) {
    request.set_page_token(wrong);
    const grpc::Status status = list(request, response);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << wrong;
    EXPECT_THAT(status.error_message(), HasSubstr("begin anew without one"));
  }
  request.set_page_token(token);
  EXPECT_TRUE(list(request, response).ok());
  request.set_instance("a");
  EXPECT_EQ(list(request, response).error_code(), StatusCode::INVALID_ARGUMENT)
      << "good for the same question only";
}

TEST_F(TunnelsServed, RefuseAPageThatIsTooLarge) {
  serve();
  pb::ListTunnelsRequest request;
  request.set_page_size(1001);
  pb::ListTunnelsResponse response;
  const grpc::Status status = list(request, response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("1 to 1000"));
}

TEST_F(TunnelsServed, AreWatchedUpToALimitOfOneInstance) {
  Proxy a = proxy("a", 4);
  Proxy b = proxy("b", 20);
  a.publish_tunnel(0);
  for (std::size_t i = 0; i < 20; ++i) b.publish_tunnel(i);
  serve();
  pb::WatchTunnelsRequest request;
  request.set_instance("b");
  request.set_limit(5);
  request.mutable_interval()->set_nanos(100'000'000);
  Stream<pb::ListTunnelsResponse> stream;
  stream.reader = tunnels_->WatchTunnels(&stream.context, request);
  for (int i = 0; i < 2; ++i) {
    const pb::ListTunnelsResponse message = stream.next();
    EXPECT_EQ(message.tunnels_size(), 5);
    EXPECT_EQ(message.total(), 20U);
    EXPECT_EQ(message.tunnels(0).instance(), "b");
  }
  hub_->stop();
  EXPECT_EQ(stream.end().error_code(), StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace conflux::sidecar::test
