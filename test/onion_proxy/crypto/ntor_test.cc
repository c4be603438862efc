#include "examples/onion_proxy/crypto/ntor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "examples/onion_proxy/crypto/ntor_v3.h"
#include "test/onion_proxy/support/vectors.h"

namespace onion_proxy {
namespace {

using test::array_of;
using test::bytes_of;
using test::vectors;
using ::testing::HasSubstr;

NtorClient published_ntor() {
  const auto& v = vectors()["ntor"];
  return NtorClient(
      {.rsa_id = array_of<20>(v["relay_rsa_id"]), .ntor_key = array_of<32>(v["relay_ntor"])},
      X25519KeyPair::from_secret(array_of<32>(v["client_x"])));
}

Bytes published_ntor_reply() { return bytes_of(vectors()["ntor"]["reply"]); }

NtorV3Client published_ntor_v3() {
  const auto& v = vectors()["ntor_v3"];
  return NtorV3Client(
      {.ed_id = array_of<32>(v["relay_ed_id"]), .ntor_key = array_of<32>(v["relay_ntor"])},
      {.verification = "xyzzy", .keys = X25519KeyPair::from_secret(array_of<32>(v["client_x"]))});
}

Bytes published_ntor_v3_reply() { return bytes_of(vectors()["ntor_v3"]["reply"]); }

TEST(Ntor, MatchesTheKnownAnswer) {
  const NtorClient client = published_ntor();
  EXPECT_EQ(client.onionskin(), bytes_of(vectors()["ntor"]["onionskin"]));
  const auto keys = client.finish(published_ntor_reply(), 92);
  ASSERT_TRUE(keys.ok()) << keys.error();
  EXPECT_EQ(keys.value(), bytes_of(vectors()["ntor"]["keys92"]));
}

TEST(Ntor, RejectsAWrongAuth) {
  Bytes reply = published_ntor_reply();
  reply[40] ^= 1;
  const auto keys = published_ntor().finish(reply, 72);
  ASSERT_FALSE(keys.ok());
  EXPECT_THAT(keys.error(), HasSubstr("wrong AUTH"));
}

TEST(Ntor, RejectsATruncatedReply) {
  const Bytes reply = published_ntor_reply();
  const auto keys = published_ntor().finish(ByteView(reply).first(63), 72);
  ASSERT_FALSE(keys.ok());
  EXPECT_THAT(keys.error(), HasSubstr("shorter than 64"));
}

TEST(Ntor, RejectsTheAllZeroPoint) {
  Bytes reply = published_ntor_reply();
  std::fill_n(reply.begin(), 32, uint8_t{0});
  const auto keys = published_ntor().finish(reply, 72);
  ASSERT_FALSE(keys.ok());
  EXPECT_THAT(keys.error(), HasSubstr("all-zero"));
}

TEST(NtorV3, MatchesThePublishedVector) {
  NtorV3Client client = published_ntor_v3();
  const auto skin = client.onionskin(bytes_of(vectors()["ntor_v3"]["client_msg"]));
  ASSERT_TRUE(skin.ok()) << skin.error();
  EXPECT_EQ(skin.value(), bytes_of(vectors()["ntor_v3"]["onionskin"]));
  const auto finished = client.finish(published_ntor_v3_reply(), 256);
  ASSERT_TRUE(finished.ok()) << finished.error();
  EXPECT_EQ(finished.value().server_message, bytes_of(vectors()["ntor_v3"]["server_msg"]));
  EXPECT_EQ(finished.value().keys, bytes_of(vectors()["ntor_v3"]["keys256"]));
}

TEST(NtorV3, RejectsAWrongAuthAnywhereInTheReply) {
  for (const size_t at : {size_t{5}, size_t{40}, size_t{70}}) {
    NtorV3Client client = published_ntor_v3();
    ASSERT_TRUE(client.onionskin(bytes_of(vectors()["ntor_v3"]["client_msg"])).ok());
    Bytes reply = published_ntor_v3_reply();
    reply[at] ^= 1;
    const auto finished = client.finish(reply, 72);
    ASSERT_FALSE(finished.ok()) << "byte " << at;
    EXPECT_THAT(finished.error(), HasSubstr("wrong AUTH"));
  }
}

TEST(NtorV3, RejectsATruncatedReplyAndTheAllZeroPoint) {
  NtorV3Client client = published_ntor_v3();
  ASSERT_TRUE(client.onionskin(bytes_of(vectors()["ntor_v3"]["client_msg"])).ok());
  Bytes reply = published_ntor_v3_reply();
  const auto truncated = client.finish(ByteView(reply).first(63), 72);
  ASSERT_FALSE(truncated.ok());
  EXPECT_THAT(truncated.error(), HasSubstr("shorter than 64"));
  std::fill_n(reply.begin(), 32, uint8_t{0});
  const auto zero = client.finish(reply, 72);
  ASSERT_FALSE(zero.ok());
  EXPECT_THAT(zero.error(), HasSubstr("all-zero"));
}

TEST(NtorV3, RefusesARelayKeyOfSmallOrder) {
  NtorV3Client client(NtorV3Relay{});
  const auto skin = client.onionskin({});
  ASSERT_FALSE(skin.ok());
  EXPECT_THAT(skin.error(), HasSubstr("all-zero"));
}

}  // namespace
}  // namespace onion_proxy
