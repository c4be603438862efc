#include "examples/onion_proxy/circuit/onion_crypto.h"

#include <gtest/gtest.h>

#include "test/onion_proxy/support/vectors.h"

namespace onion_proxy {
namespace {

using test::array_of;
using test::bytes_of;
using test::vectors;

OnionCrypto three_hops() {
  OnionCrypto crypto;
  for (const auto& keys : vectors()["tor1"]["hop_keys72"]) crypto.add_hop(bytes_of(keys));
  return crypto;
}

// The vectors have zero padding, which the encoder never makes.
CellPayload clear_cell(const nlohmann::json& vector) {
  CellPayload payload{};
  const Bytes body = bytes_of(vector["body"]);
  payload[0] = vector["cmd"].get<uint8_t>();
  write_u16(&payload[3], vector["stream"].get<uint16_t>());
  write_u16(&payload[9], static_cast<uint16_t>(body.size()));
  std::copy(body.begin(), body.end(), payload.begin() + kRelayHeaderSize);
  return payload;
}

TEST(OnionCrypto, SealsTheKnownForwardCells) {
  OnionCrypto crypto = three_hops();
  for (const auto& vector : vectors()["tor1"]["forward"]) {
    CellPayload payload = clear_cell(vector);
    EXPECT_EQ(crypto.encrypt(2, payload), array_of<20>(vector["digest20"]));
    EXPECT_EQ(payload, array_of<509>(vector["wire509"]));
  }
}

TEST(OnionCrypto, OpensTheKnownBackwardCells) {
  OnionCrypto crypto = three_hops();
  for (const auto& vector : vectors()["tor1"]["backward"]) {
    CellPayload payload = array_of<509>(vector["wire509"]);
    const auto recognized = crypto.decrypt(payload);
    ASSERT_TRUE(recognized);
    EXPECT_EQ(recognized->hop, 2u);
    EXPECT_EQ(recognized->tag, array_of<20>(vector["digest20"]));
    EXPECT_EQ(payload, clear_cell(vector));
  }
}

TEST(OnionCrypto, AChangedCellIsRecognizedByNoHop) {
  OnionCrypto crypto = three_hops();
  CellPayload payload = array_of<509>(vectors()["tor1"]["backward"][0]["wire509"]);
  payload[100] ^= 1;
  EXPECT_FALSE(crypto.decrypt(payload));
}

TEST(OnionCrypto, AFalseRecognitionLeavesTheDigestAlone) {
  // given a hop that a cell seems to be for, but whose digest does not fit: one hop, and a cell
  // that its layer turns into all zeros
  const Bytes keys = bytes_of(vectors()["tor1"]["hop_keys72"][0]);
  OnionCrypto crypto;
  crypto.add_hop(keys);
  AesCtr peer(ByteView(keys).subspan(56, 16));
  CellPayload false_cell{};
  peer.apply(false_cell);
  EXPECT_FALSE(crypto.decrypt(false_cell));
  // when an honest cell follows
  CellPayload honest{};
  honest[0] = static_cast<uint8_t>(RelayCommand::kDrop);
  RunningSha1 digest;
  digest.update(ByteView(keys).subspan(20, 20));
  digest.update(honest);
  const CellTag tag = digest.peek();
  std::copy_n(tag.begin(), kDigestFieldSize, honest.begin() + kDigestOffset);
  peer.apply(honest);
  // then it is recognized
  const auto recognized = crypto.decrypt(honest);
  ASSERT_TRUE(recognized);
  EXPECT_EQ(recognized->tag, tag);
}

}  // namespace
}  // namespace onion_proxy
