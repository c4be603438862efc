#include "examples/onion_proxy/net/directory_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "examples/onion_proxy/base/clock.h"
#include "test/onion_proxy/support/event_loop.h"
#include "test/onion_proxy/support/fake_authority.h"
#include "test/onion_proxy/support/fake_dir_server.h"

namespace onion_proxy {
namespace {

using test::FakeAuthority;
using test::FakeConsensus;
using test::FakeDirServer;
using test::FakeRouter;
using test::run_until;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* kKeys = "/tor/keys/all";
constexpr const char* kConsensus = "/tor/status-vote/current/consensus-microdesc";
constexpr const char* kMicro = "/tor/micro/d/";

class DirectoryClientTest : public testing::Test {
 protected:
  DirectoryClientTest() {
    for (size_t i = 0; i < 3; ++i) {
      Authority authority = authorities_[i].configured();
      authority.dir_address = servers_[i].endpoint();
      configured_.push_back(authority);
    }
    consensus_.valid_after = wall_clock() - std::chrono::seconds(30);
    consensus_.fresh_until = wall_clock() + std::chrono::hours(1);
    consensus_.valid_until = wall_clock() + std::chrono::hours(2);
    consensus_.routers = {{.nickname = "alpha", .number = 1},
                          {.nickname = "beta", .number = 2, .exit_ports = "accept 80"}};
    for (FakeDirServer& server : servers_) publish(server);
  }

  void publish(FakeDirServer& server) {
    std::string keys;
    for (const FakeAuthority& authority : authorities_) {
      keys += authority.certificate({.expires = wall_clock() + std::chrono::hours(9)});
    }
    server.serve(kKeys, keys);
    server.serve(kConsensus, consensus_.signed_by({&authorities_[0], &authorities_[1]}));
    server.serve_with(kMicro, [this](const std::string& target) { return asked_for(target); });
  }
  // The microdescriptors whose digests stand in `target`.
  std::string asked_for(const std::string& target) const {
    std::string out;
    for (const FakeRouter& router : consensus_.routers) {
      const std::string text = test::microdescriptor(router);
      const std::string digest = encode_base64(sha256(as_bytes(text)));
      if (target.find(digest) != std::string::npos) out += text;
    }
    return out;
  }
  DirectoryClient& client() {
    if (!client_) client_.emplace(io_, log_, configured_, options_);
    return *client_;
  }
  // "(view)" or the error.
  std::string fetch() {
    std::optional<std::string> outcome;
    client().fetch([&](const Result<DirectoryClient::View>& view) {
      outcome = view.ok() ? "(view)" : view.error();
    });
    EXPECT_TRUE(run_until(io_, [&] { return outcome.has_value(); }));
    return outcome.value_or("(nothing)");
  }
  size_t requests_for(const std::string& prefix) const {
    size_t count = 0;
    for (const FakeDirServer& server : servers_) {
      for (const std::string& request : server.requests()) {
        count += request.starts_with(prefix) ? 1 : 0;
      }
    }
    return count;
  }

  static inline const std::array<FakeAuthority, 3> authorities_ = {
      FakeAuthority("auth0"), FakeAuthority("auth1"), FakeAuthority("auth2")};
  boost::asio::io_context io_;
  std::array<FakeDirServer, 3> servers_ = {FakeDirServer(io_), FakeDirServer(io_),
                                           FakeDirServer(io_)};
  std::vector<std::string> logged_;
  Logger log_{LogLevel::kDebug,
              [this](LogLevel, std::string_view text) { logged_.emplace_back(text); }};
  std::vector<Authority> configured_;
  DirectoryClient::Options options_;
  FakeConsensus consensus_;
  std::optional<DirectoryClient> client_;
};

TEST_F(DirectoryClientTest, YieldsAVerifiedView) {
  EXPECT_EQ(client().view(), nullptr);
  EXPECT_EQ(fetch(), "(view)");
  const DirectoryClient::View view = client().view();
  ASSERT_NE(view, nullptr);
  ASSERT_EQ(view->relays.size(), 2U);
  EXPECT_EQ(view->relays[1].nickname, "beta");
  EXPECT_TRUE(view->relays[1].is_exit());
  EXPECT_TRUE(view->relays[1].supports_conflux());
  EXPECT_EQ(requests_for(kConsensus), 1U) << "one authority is enough";
}

TEST_F(DirectoryClientTest, TriesTheNextAuthorityWhenOneFails) {
  servers_[0].serve_nothing();
  servers_[1].serve(kConsensus, consensus_.signed_by({&authorities_[0]}));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fetch(), "(view)");
}

TEST_F(DirectoryClientTest, DoesNotWaitForASilentAuthority) {
  servers_[0].stay_silent();
  servers_[1].stay_silent();
  // Long enough for the honest one on a busy machine.
  options_.request_timeout = std::chrono::milliseconds(1000);
  // The order is random: go on until a silent one was asked first.
  while (servers_[0].connections() + servers_[1].connections() == 0) {
    ASSERT_EQ(fetch(), "(view)");
  }
}

TEST_F(DirectoryClientTest, SaysOfEachAuthorityWhyItWasOfNoUse) {
  servers_[0].serve_nothing();
  servers_[1].serve(kConsensus, consensus_.signed_by({&authorities_[0]}));
  servers_[2].serve(kConsensus, consensus_.body());
  const std::string error = fetch();
  EXPECT_THAT(error, HasSubstr("auth0: refused: 404 Not found"));
  EXPECT_THAT(error, HasSubstr("auth1: 1 of 3 configured authorities signed"));
  EXPECT_THAT(error, HasSubstr("auth2: the consensus is not signed"));
  EXPECT_EQ(client().view(), nullptr);
}

TEST_F(DirectoryClientTest, AsksOnlyForMicrodescriptorsThatItLacks) {
  EXPECT_EQ(fetch(), "(view)");
  EXPECT_EQ(requests_for(kMicro), 1U);
  EXPECT_EQ(fetch(), "(view)");
  EXPECT_EQ(requests_for(kMicro), 1U);
}

TEST_F(DirectoryClientTest, LeavesOutRelaysWhoseMicrodescriptorsWereAltered) {
  for (FakeDirServer& server : servers_) {
    server.serve(kMicro, test::microdescriptor(consensus_.routers[0]) +
                             test::microdescriptor({.nickname = "evil", .number = 66}));
  }
  EXPECT_EQ(fetch(), "(view)");
  ASSERT_EQ(client().view()->relays.size(), 1U);
  EXPECT_EQ(client().view()->relays[0].nickname, "alpha");
  EXPECT_THAT(logged_, Contains(HasSubstr("not one that was asked for")));
}

TEST_F(DirectoryClientTest, NeverStepsBackToAnOlderConsensus) {
  EXPECT_EQ(fetch(), "(view)");
  const auto newest = client().view();
  consensus_.valid_after -= std::chrono::seconds(60);
  for (FakeDirServer& server : servers_) publish(server);
  EXPECT_THAT(fetch(), HasSubstr("older than the one we have"));
  EXPECT_EQ(client().view(), newest);
}

TEST_F(DirectoryClientTest, JoinsCallsThatComeWhileItFetches) {
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    client().fetch([&](const Result<DirectoryClient::View>&) { ++answers; });
  }
  EXPECT_EQ(answers, 0) << "never from inside the call";
  ASSERT_TRUE(run_until(io_, [&] { return answers == 3; }));
  EXPECT_EQ(requests_for(kConsensus), 1U);
}

TEST_F(DirectoryClientTest, SplitsLargeRequests) {
  consensus_.routers.clear();
  for (uint8_t i = 1; i <= 200; ++i) consensus_.routers.push_back({.nickname = "r", .number = i});
  for (FakeDirServer& server : servers_) publish(server);
  EXPECT_EQ(fetch(), "(view)");
  EXPECT_EQ(client().view()->relays.size(), 200U);
  EXPECT_EQ(requests_for(kMicro), 3U);
}

TEST_F(DirectoryClientTest, KeepsFreshByAskingAgainWhenDue) {
  consensus_.fresh_until = wall_clock() - std::chrono::seconds(1);
  for (FakeDirServer& server : servers_) publish(server);
  options_.retry_delay = std::chrono::milliseconds(1);
  client().keep_fresh();
  EXPECT_TRUE(run_until(io_, [&] { return requests_for(kConsensus) >= 3; }));
}

TEST_F(DirectoryClientTest, AsksMoreAndMoreSeldomWhileThereIsNoNewerConsensus) {
  consensus_.fresh_until = wall_clock() - std::chrono::seconds(1);
  for (FakeDirServer& server : servers_) publish(server);
  options_.retry_delay = std::chrono::milliseconds(20);
  std::vector<std::chrono::steady_clock::time_point> asked;
  client().keep_fresh();
  ASSERT_TRUE(run_until(io_, [&] {
    if (requests_for(kConsensus) > asked.size()) asked.push_back(std::chrono::steady_clock::now());
    return asked.size() == 5;
  }));
  // Twice as long each time, from the first delay on.
  for (size_t i = 1; i < asked.size(); ++i) {
    EXPECT_GE(asked[i] - asked[i - 1], options_.retry_delay * (1 << (i - 1)) / 2) << i;
  }
}

TEST_F(DirectoryClientTest, GoesOnAfterFailures) {
  for (FakeDirServer& server : servers_) server.serve_nothing();
  options_.retry_delay = std::chrono::milliseconds(1);
  client().keep_fresh();
  ASSERT_TRUE(run_until(io_, [&] { return requests_for(kKeys) >= 6; }));
  EXPECT_THAT(logged_, Contains(HasSubstr("no authority gave a usable directory")));
  for (FakeDirServer& server : servers_) publish(server);
  EXPECT_TRUE(run_until(io_, [&] { return client().view() != nullptr; }));
}

TEST_F(DirectoryClientTest, MayBeDestroyedWhileItFetches) {
  bool answered = false;
  client().fetch([&](const Result<DirectoryClient::View>&) { answered = true; });
  ASSERT_TRUE(run_until(io_, [&] { return requests_for(kKeys) == 1; }));
  client_.reset();
  test::run_ready(io_);
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace onion_proxy
