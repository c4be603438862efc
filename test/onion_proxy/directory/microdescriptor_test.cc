#include "examples/onion_proxy/directory/microdescriptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/onion_proxy/support/fake_authority.h"

namespace onion_proxy {
namespace {

using test::FakeRouter;
using test::microdescriptor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Sha256Digest digest_of(const std::string& text) { return sha256(as_bytes(text)); }

std::string error_of(std::string_view text) {
  const auto parsed = parse_microdescriptor(text);
  return parsed.ok() ? "(no error)" : parsed.error();
}

TEST(ExitPorts, AcceptListAllowsExactlyItsPorts) {
  const auto ports = ExitPorts::parse("accept 80,443,1024-2047");
  ASSERT_TRUE(ports.ok()) << ports.error();
  for (const uint16_t port : std::to_array<uint16_t>({80, 443, 1024, 2047}))
    EXPECT_TRUE(ports.value().allows(port)) << port;
  for (const uint16_t port : std::to_array<uint16_t>({79, 81, 1023, 2048}))
    EXPECT_FALSE(ports.value().allows(port)) << port;
  EXPECT_TRUE(ports.value().allows_any());
}

TEST(ExitPorts, RejectListAllowsAllOthers) {
  const auto ports = ExitPorts::parse("reject 25,1-20");
  ASSERT_TRUE(ports.ok()) << ports.error();
  EXPECT_FALSE(ports.value().allows(25));
  EXPECT_FALSE(ports.value().allows(1));
  EXPECT_TRUE(ports.value().allows(80));
  EXPECT_TRUE(ports.value().allows_any());
  EXPECT_FALSE(ExitPorts::parse("reject 1-65535").value().allows_any());
}

TEST(ExitPorts, NoLineAllowsNothing) {
  EXPECT_FALSE(ExitPorts().allows(80));
  EXPECT_FALSE(ExitPorts().allows_any());
}

TEST(ExitPorts, RefusesBadLists) {
  for (const char* text : {"", "accept", "allow 80", "accept 80 443", "accept 99999", "accept 9-2",
                           "accept 80,,443", "accept 1-2-3", "accept -5"}) {
    EXPECT_FALSE(ExitPorts::parse(text).ok()) << text;
  }
}

TEST(Microdescriptor, HoldsKeysAndExitPorts) {
  const std::string text = microdescriptor(
      {.nickname = "alpha", .number = 7, .exit_ports = "accept 80", .family_ids = "ed25519:x y"});
  const auto parsed = parse_microdescriptor(text);
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  EXPECT_EQ(parsed.value().digest, digest_of(text));
  EXPECT_EQ(parsed.value().ntor_key, sha256(ByteArray<2>{7, 1}));
  EXPECT_EQ(parsed.value().ed_id, sha256(ByteArray<2>{7, 2}));
  EXPECT_TRUE(parsed.value().exit_ports.allows(80));
  EXPECT_THAT(parsed.value().family_ids, ElementsAre("ed25519:x", "y"));
}

TEST(Microdescriptor, NeedsBothKeysOnce) {
  const std::string key = encode_base64(Bytes(32, 1));
  const std::string start = "onion-key\n";
  EXPECT_THAT(error_of(start + "id ed25519 " + key + "\n"),
              HasSubstr("`ntor-onion-key` is missing"));
  EXPECT_THAT(error_of(start + "ntor-onion-key " + key + "\n"),
              HasSubstr("`id ed25519` is missing"));
  EXPECT_THAT(error_of(start + "ntor-onion-key " + key + "\nntor-onion-key " + key + "\n"),
              HasSubstr("line 3: `ntor-onion-key`: stands twice"));
  EXPECT_THAT(error_of(start + "ntor-onion-key AAAA\n"), HasSubstr("expected 32 bytes of base64"));
  EXPECT_THAT(error_of("ntor-onion-key " + key + "\n"), HasSubstr("in its first line"));
}

class MicrodescriptorSetTest : public testing::Test {
 protected:
  const std::string first_ = microdescriptor({.nickname = "alpha", .number = 1});
  const std::string second_ = microdescriptor({.nickname = "beta", .number = 2});
};

TEST_F(MicrodescriptorSetTest, SplitsAReplyByDigest) {
  const auto set =
      parse_microdescriptors(first_ + second_, {digest_of(second_), digest_of(first_)});
  EXPECT_THAT(set.refused, ElementsAre());
  ASSERT_EQ(set.by_digest.size(), 2U);
  EXPECT_EQ(set.by_digest.at(digest_of(second_)).ntor_key, sha256(ByteArray<2>{2, 1}));
}

TEST_F(MicrodescriptorSetTest, LeavesOutWhatWasAlteredOnTheWay) {
  std::string altered = first_;
  altered.replace(altered.find("ntor-onion-key ") + 15, 4, "AAAA");
  const auto set =
      parse_microdescriptors(altered + second_, {digest_of(first_), digest_of(second_)});
  EXPECT_EQ(set.by_digest.count(digest_of(first_)), 0U);
  EXPECT_EQ(set.by_digest.count(digest_of(second_)), 1U);
  EXPECT_THAT(set.refused, ElementsAre(HasSubstr("not one that was asked for")));
}

TEST_F(MicrodescriptorSetTest, LeavesOutWhatDoesNotParse) {
  const std::string broken = "onion-key\nnothing useful\n";
  const auto set = parse_microdescriptors(broken, {digest_of(broken)});
  EXPECT_TRUE(set.by_digest.empty());
  EXPECT_THAT(set.refused, ElementsAre(HasSubstr("is missing")));
}

TEST_F(MicrodescriptorSetTest, StopsReadingAReplyOfStrangers) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "onion-key\nx " + std::to_string(i) + "\n";
  EXPECT_EQ(parse_microdescriptors(text, {digest_of(first_)}).refused.size(), 2U);
}

}  // namespace
}  // namespace onion_proxy
