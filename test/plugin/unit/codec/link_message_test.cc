#include "plugin/codec/link_message.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace conflux {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kUxAt = LinkMessage::kSize - 1;

Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

LinkMessage message(std::uint8_t desired_ux) {
  std::array<std::uint8_t, Nonce::kSize> nonce;
  nonce.fill(0x5A);
  return {.nonce = Nonce(nonce),
          .last_seq_sent = SeqNo{UINT64_MAX},
          .last_seq_received = SeqNo{0x0102030405060708},
          .desired_ux = desired_ux};
}

Bytes body() {
  const auto encoded = encode(message(3));
  return {encoded.begin(), encoded.end()};
}

class LinkVector : public ::testing::Test {
 protected:
  const nlohmann::json vector_ = nlohmann::json::parse(
      std::ifstream(CONFLUX_SOURCE_DIR "/test/onion_proxy/vectors/tor.json"))["link_cell"];
  const Bytes body_ = from_hex(vector_["body"].get<std::string>());
};

TEST_F(LinkVector, IsParsedAsTorMeansIt) {
  const std::optional<LinkMessage> parsed = parse_link(body_);
  ASSERT_TRUE(parsed);
  const Bytes nonce = from_hex(vector_["nonce"].get<std::string>());
  EXPECT_TRUE(std::ranges::equal(parsed->nonce.bytes(), nonce));
  EXPECT_EQ(parsed->last_seq_sent.raw(), vector_["last_seq_sent"].get<std::uint64_t>());
  EXPECT_EQ(parsed->last_seq_received.raw(), vector_["last_seq_recv"].get<std::uint64_t>());
  EXPECT_EQ(parsed->desired_ux, vector_["ux"].get<int>());
}

TEST_F(LinkVector, IsEncodedByteForByte) {
  const std::optional<LinkMessage> parsed = parse_link(body_);
  ASSERT_TRUE(parsed);
  const auto encoded = encode(*parsed);
  EXPECT_EQ(Bytes(encoded.begin(), encoded.end()), body_);
}

TEST(LinkMessage, RoundTripsEveryUx) {
  for (std::uint8_t ux = 0; ux <= 4; ++ux) {
    const auto first = encode(message(ux));
    const std::optional<LinkMessage> parsed = parse_link(first);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->nonce.equals(message(ux).nonce));
    EXPECT_EQ(parsed->last_seq_sent, SeqNo{UINT64_MAX});
    EXPECT_EQ(parsed->last_seq_received, SeqNo{0x0102030405060708});
    EXPECT_EQ(encode(*parsed), first);
  }
}

TEST(LinkMessage, IsRefusedAtEveryTruncation) {
  const Bytes whole = body();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_link(Bytes(whole.begin(), whole.begin() + static_cast<int>(length))))
        << length << " bytes";
  }
  EXPECT_FALSE(parse_link({}));
}

TEST(LinkMessage, ToleratesBytesAfterItAsTorDoes) {
  Bytes longer = body();
  longer.insert(longer.end(), 448, 0xFF);
  EXPECT_TRUE(parse_link(longer));
}

TEST(LinkMessage, IsRefusedInEveryOtherVersion) {
  for (int version = 0; version < 256; ++version) {
    Bytes bytes = body();
    bytes[0] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(parse_link(bytes).has_value(), version == 1) << version;
  }
}

TEST(LinkMessage, IsRefusedWithAnUnknownUx) {  // attack A33
  for (int ux = 0; ux < 256; ++ux) {
    Bytes bytes = body();
    bytes[kUxAt] = static_cast<std::uint8_t>(ux);
    EXPECT_EQ(parse_link(bytes).has_value(), ux <= 4) << ux;
  }
}

}  // namespace
}  // namespace conflux
