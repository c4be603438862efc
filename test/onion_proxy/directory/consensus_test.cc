#include "examples/onion_proxy/directory/consensus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/onion_proxy/support/fake_authority.h"

namespace onion_proxy {
namespace {

using test::FakeAuthority;
using test::FakeConsensus;
using test::noon;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ConsensusTest : public testing::Test {
 protected:
  ConsensusTest() {
    std::string certificates;
    for (const FakeAuthority* authority : all_) {
      configured_.push_back(authority->configured());
      certificates += authority->certificate();
    }
    certificates_ = parse_certificates(certificates, configured_, noon()).value().trusted;
    consensus_.routers = {{.nickname = "alpha", .number = 1}, {.nickname = "beta", .number = 2}};
  }

  Result<Consensus> parse(const std::string& text, UnixTime now = noon()) const {
    return parse_consensus(text, {configured_, certificates_, now});
  }
  std::string error_of(const std::string& text, UnixTime now = noon()) const {
    const auto parsed = parse(text, now);
    return parsed.ok() ? "(no error)" : parsed.error();
  }

  // Keys take time to make; one set serves all tests.
  static inline const FakeAuthority first_{"auth0"}, second_{"auth1"}, third_{"auth2"};
  const std::vector<const FakeAuthority*> all_ = {&first_, &second_, &third_};
  std::vector<Authority> configured_;
  std::vector<AuthorityCertificate> certificates_;
  FakeConsensus consensus_;
};

TEST_F(ConsensusTest, ListsRelaysWithFlagsProtocolsAndWeight) {
  consensus_.routers[1] = {.nickname = "beta",
                           .number = 2,
                           .flags = "Exit Running Valid BadExit",
                           .protocols = "Relay=2,4-5",
                           .bandwidth = 4711};
  const auto parsed = parse(consensus_.signed_by(all_));
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  ASSERT_EQ(parsed.value().routers.size(), 2U);
  const Router& beta = parsed.value().routers[1];
  EXPECT_EQ(beta.nickname, "beta");
  EXPECT_EQ(beta.rsa_id[0], 2);
  EXPECT_EQ(beta.ipv4, (ByteArray<4>{127, 0, 0, 1}));
  EXPECT_EQ(beta.or_port, 9001);
  EXPECT_EQ(beta.bandwidth, 4711U);
  EXPECT_TRUE(beta.flags.exit && beta.flags.running && beta.flags.bad_exit);
  EXPECT_FALSE(beta.flags.guard);
  EXPECT_TRUE(beta.protocols.supports("Relay", 5));
  EXPECT_FALSE(beta.protocols.supports("Relay", 3));
}

TEST_F(ConsensusTest, ReadsParametersWithFallbackAndClamp) {
  consensus_.params = "cc_alg=2 negative=-5 big=2147483647";
  const auto parsed = parse(consensus_.signed_by(all_));
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  EXPECT_EQ(parsed.value().param("cc_alg", 0, 0, 3), 2);
  EXPECT_EQ(parsed.value().param("negative", 0, -9, 9), -5);
  EXPECT_EQ(parsed.value().param("big", 0, 0, 1000), 1000);
  EXPECT_EQ(parsed.value().param("absent", 31, 1, 1000), 31);
}

TEST_F(ConsensusTest, NeedsMoreThanHalfOfTheConfiguredAuthorities) {
  EXPECT_EQ(error_of(consensus_.signed_by({&first_, &third_})), "(no error)");
  EXPECT_THAT(error_of(consensus_.signed_by({&first_})),
              StartsWith("1 of 3 configured authorities signed the consensus"));
}

TEST_F(ConsensusTest, DoesNotTakeHalfForMoreThanHalf) {
  const FakeAuthority fourth("auth3");
  configured_.push_back(fourth.configured());
  EXPECT_THAT(error_of(consensus_.signed_by({&first_, &second_})), StartsWith("2 of 4"));
}

TEST_F(ConsensusTest, CountsAnAuthorityThatSignsTwiceOnce) {
  EXPECT_THAT(error_of(consensus_.signed_by({&first_, &first_, &first_})), StartsWith("1 of 3"));
}

TEST_F(ConsensusTest, DoesNotCountStrangersAndForgeries) {
  const FakeAuthority stranger("mallory");
  EXPECT_THAT(error_of(consensus_.signed_by({&stranger, &first_})), StartsWith("1 of 3"));

  // The stranger signs in the name of another authority.
  std::string forged = consensus_.signed_by({&first_, &stranger});
  const std::string name = encode_hex(stranger.identity().digest());
  forged.replace(forged.find(name), name.size(), encode_hex(second_.identity().digest()));
  EXPECT_THAT(error_of(forged), StartsWith("1 of 3"));
}

TEST_F(ConsensusTest, ASingleChangedByteVoidsEverySignature) {
  std::string text = consensus_.signed_by(all_);
  text.replace(text.find("Bandwidth=100"), 13, "Bandwidth=999");
  EXPECT_THAT(error_of(text), StartsWith("0 of 3"));
}

TEST_F(ConsensusTest, IsValidFromItsFirstToItsLastSecondOnly) {
  const std::string text = consensus_.signed_by(all_);
  EXPECT_EQ(error_of(text, consensus_.valid_after), "(no error)");
  EXPECT_EQ(error_of(text, consensus_.valid_until), "(no error)");
  EXPECT_THAT(error_of(text, consensus_.valid_after - std::chrono::seconds(1)),
              HasSubstr("not valid yet"));
  EXPECT_THAT(error_of(text, consensus_.valid_until + std::chrono::seconds(1)),
              HasSubstr("out of date"));
}

TEST_F(ConsensusTest, RefusesWhatIsNoMicrodescriptorConsensus) {
  EXPECT_THAT(error_of("network-status-version 3\n"), HasSubstr("not a microdescriptor consensus"));
  EXPECT_THAT(error_of(""), HasSubstr("not a microdescriptor consensus"));
  EXPECT_THAT(error_of(consensus_.body()), HasSubstr("not signed"));
}

TEST_F(ConsensusTest, RefusesOtherItemsBetweenSignatures) {
  // They would not be covered by any signature.
  EXPECT_THAT(error_of(consensus_.signed_by(all_) + "r evil AAAA\n"),
              HasSubstr("expected only directory-signature here"));
}

TEST_F(ConsensusTest, RefusesRelaysOutOfOrder) {
  std::swap(consensus_.routers[0], consensus_.routers[1]);
  EXPECT_THAT(error_of(consensus_.signed_by(all_)), HasSubstr("not in ascending order"));
}

TEST_F(ConsensusTest, RefusesARelayTwice) {
  consensus_.routers[1].number = 1;
  EXPECT_THAT(error_of(consensus_.signed_by(all_)), HasSubstr("not in ascending order"));
}

std::string body_error(std::string_view text) {
  const auto parsed = parse_consensus_body(text);
  return parsed.ok() ? "(no error)" : parsed.error();
}

TEST_F(ConsensusTest, NamesTheLineOfABadItem) {
  const struct {
    const char* right;
    const char* wrong;
    const char* reason;
  } kCases[] = {
      {"valid-after 2026", "valid-after 20x6", "line 3: `valid-after`: expected a date and a time"},
      {"params cc_alg=2", "params cc_alg=two", "line 6: `params`: expected NAME=NUMBER pairs"},
      {"params cc_alg=2", "params cc_alg", "line 6: `params`: expected NAME=NUMBER pairs"},
      {"127.0.0.1 9001", "127.0.0.1 99001", "line 7: `r`: expected an IPv4 address and a port"},
      {"127.0.0.1 9001", "127.0.0 9001", "line 7: `r`: expected an IPv4 address and a port"},
      {"r alpha AQ", "r alpha A", "line 7: `r`: identity is not 20 bytes of base64"},
      {"m ", "m !", "line 8: `m`: expected 32 bytes of base64"},
      {"Relay=2-6", "Relay=6-2", "line 11: `pr`: `Relay=6-2`: versions must be 0 to 63"},
      {"Relay=2-6", "Relay=64", "line 11: `pr`: `Relay=64`: versions must be 0 to 63"},
      {"Bandwidth=100", "Bandwidth=-1", "line 12: `w`: Bandwidth= is not a number"},
  };
  for (const auto& test_case : kCases) {
    std::string text = consensus_.body();
    const size_t at = text.find(test_case.right);
    ASSERT_NE(at, std::string::npos) << test_case.right;
    text.replace(at, std::string_view(test_case.right).size(), test_case.wrong);
    EXPECT_THAT(body_error(text), HasSubstr(test_case.reason)) << test_case.wrong;
  }
}

TEST_F(ConsensusTest, RefusesAConsensusWithoutRelaysOrTimes) {
  EXPECT_THAT(body_error("network-status-version 3 microdesc\n"), HasSubstr("missing"));
  consensus_.routers.clear();
  EXPECT_THAT(body_error(consensus_.body()), HasSubstr("lists no relays"));
}

TEST_F(ConsensusTest, SurvivesEveryTruncation) {
  const std::string text = consensus_.signed_by(all_);
  for (size_t length = 0; length < text.size(); length += 7) {
    EXPECT_NE(error_of(text.substr(0, length)), "(no error)") << length;
  }
}

TEST(ProtocolSet, SupportsTheHighestVersionBit) {
  const auto set = ProtocolSet::parse("X=0-63 Y=63 Z=");
  ASSERT_TRUE(set.ok()) << set.error();
  EXPECT_TRUE(set.value().supports("X", 0));
  EXPECT_TRUE(set.value().supports("X", 63));
  EXPECT_TRUE(set.value().supports("Y", 63));
  EXPECT_FALSE(set.value().supports("Y", 62));
  EXPECT_FALSE(set.value().supports("Z", 0));
  EXPECT_FALSE(set.value().supports("X", 64));
}

}  // namespace
}  // namespace onion_proxy
