// Documents that authorities of stock tor 0.4.9.11 made in a private network; see
// vectors/directory. Our own fakes could share a mistake with our parsers, these cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "examples/onion_proxy/base/file.h"
#include "examples/onion_proxy/directory/network_view.h"

namespace onion_proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string document(const std::string& name) {
  const auto text =
      read_file(CONFLUX_SOURCE_DIR "/test/onion_proxy/vectors/directory/" + name, 1 << 20);
  if (!text.ok()) throw std::runtime_error(text.error());
  return text.value();
}

// Inside the minute for which the captured consensus is valid.
UnixTime capture_time() { return *parse_time("2026-11-22", "18:52:09"); }

class StockTorTest : public testing::Test {
 protected:
  Result<Consensus> parse(const std::string& text, UnixTime now = capture_time()) const {
    return parse_consensus(text, {authorities_, certificates_, now});
  }

  const std::vector<Authority> authorities_ = parse_authorities(document("authorities")).value();
  const std::vector<AuthorityCertificate> certificates_ =
      std::move(parse_certificates(document("certificates"), authorities_, capture_time()).value())
          .trusted;
};

TEST_F(StockTorTest, AllCertificatesAreTrusted) { EXPECT_EQ(certificates_.size(), 3U); }

TEST_F(StockTorTest, AllThreeAuthoritiesSignedTheConsensus) {
  const auto count = count_signatures(document("consensus-microdesc"),
                                      {authorities_, certificates_, capture_time()});
  ASSERT_TRUE(count.ok()) << count.error();
  EXPECT_EQ(count.value(), 3U);
}

TEST_F(StockTorTest, ConsensusAndMicrodescriptorsMakeAWholeView) {
  const auto consensus = parse(document("consensus-microdesc"));
  ASSERT_TRUE(consensus.ok()) << consensus.error();
  std::vector<Sha256Digest> wanted;
  for (const Router& router : consensus.value().routers) wanted.push_back(router.microdescriptor);
  const auto set = parse_microdescriptors(document("microdescriptors"), wanted);
  EXPECT_TRUE(set.refused.empty());

  const auto view = make_network_view(consensus.value(), set.by_digest);

  ASSERT_EQ(view->relays.size(), 9U);
  EXPECT_EQ(view->without_microdescriptor, 0U);
  std::vector<std::string> exits;
  for (const Relay& relay : view->relays) {
    EXPECT_TRUE(relay.supports_conflux()) << relay.nickname;
    EXPECT_TRUE(relay.flags.exit) << "a test network votes the flag for everyone";
    if (relay.is_exit()) exits.push_back(relay.nickname);
  }
  EXPECT_THAT(exits, testing::UnorderedElementsAre("exit0", "exit1"));
  EXPECT_EQ(view->consensus.param("cc_alg", 0, 0, 3), 2);
}

TEST_F(StockTorTest, ItsLifetimeIsOneMinute) {
  const std::string text = document("consensus-microdesc");
  EXPECT_THAT(parse(text, capture_time() + std::chrono::minutes(1)).error(),
              HasSubstr("out of date"));
  EXPECT_THAT(parse(text, capture_time() - std::chrono::minutes(1)).error(),
              HasSubstr("not valid yet"));
}

TEST_F(StockTorTest, AnyChangedByteOfTheSignedPartIsNoticed) {
  const std::string text = document("consensus-microdesc");
  const size_t signed_length = text.find("\ndirectory-signature ");
  for (size_t at = 40; at < signed_length; at += 97) {
    std::string changed = text;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    EXPECT_THAT(parse(changed).error(), StartsWith("0 of 3")) << at;
  }
}

}  // namespace
}  // namespace onion_proxy
