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

// Puts the digest of a clear cell into it.
CellTag stamp(RunningSha1& digest, CellPayload& cell) {
  digest.update(cell);
  const CellTag tag = digest.peek();
  std::copy_n(tag.begin(), kDigestFieldSize, cell.begin() + kDigestOffset);
  return tag;
}

// Once in 65536 cells the key stream has two zeros there. With this key it is the first cell.
Bytes keys_with_zeros_where_recognized_stands() {
  Bytes keys(kHopKeySize);
  write_u32(&keys[56], 114698);
  return keys;
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

TEST(OnionCrypto, OpensIntoAnotherPlaceAndLeavesTheSealedCellAlone) {
  OnionCrypto crypto = three_hops();
  for (const auto& vector : vectors()["tor1"]["backward"]) {
    const CellPayload sealed = array_of<509>(vector["wire509"]);
    CellPayload clear{};
    const auto recognized = crypto.decrypt(sealed, clear);
    ASSERT_TRUE(recognized);
    EXPECT_EQ(recognized->tag, array_of<20>(vector["digest20"]));
    EXPECT_EQ(clear, clear_cell(vector));
    EXPECT_EQ(sealed, array_of<509>(vector["wire509"]));
  }
}

TEST(OnionCrypto, AChangedCellIsRecognizedByNoHop) {
  OnionCrypto crypto = three_hops();
  CellPayload payload = array_of<509>(vectors()["tor1"]["backward"][0]["wire509"]);
  payload[100] ^= 1;
  EXPECT_FALSE(crypto.decrypt(payload));
}

TEST(OnionCrypto, AFalseRecognitionLeavesTheDigestAlone) {
  // given two hops, and a cell of the second that looks as if it were the first's, whose digest
  // does not fit
  const Bytes first = bytes_of(vectors()["tor1"]["hop_keys72"][0]);
  const Bytes second = keys_with_zeros_where_recognized_stands();
  OnionCrypto crypto;
  crypto.add_hop(first);
  crypto.add_hop(second);
  AesCtr first_cipher(ByteView(first).subspan(56, 16));
  AesCtr second_cipher(ByteView(second).subspan(56, 16));
  RunningSha1 second_digest;
  second_digest.update(ByteView(second).subspan(20, 20));
  CellPayload unlucky{};
  unlucky[0] = static_cast<uint8_t>(RelayCommand::kDrop);
  stamp(second_digest, unlucky);
  second_cipher.apply(unlucky);
  ASSERT_EQ(unlucky[kRecognizedOffset] | unlucky[kRecognizedOffset + 1], 0);
  first_cipher.apply(unlucky);
  const auto of_second = crypto.decrypt(unlucky);
  ASSERT_TRUE(of_second);
  EXPECT_EQ(of_second->hop, 1u);
  // when an honest cell of the first follows
  RunningSha1 first_digest;
  first_digest.update(ByteView(first).subspan(20, 20));
  CellPayload honest{};
  honest[0] = static_cast<uint8_t>(RelayCommand::kDrop);
  const CellTag tag = stamp(first_digest, honest);
  first_cipher.apply(honest);
  // then it is recognized
  const auto recognized = crypto.decrypt(honest);
  ASSERT_TRUE(recognized);
  EXPECT_EQ(recognized->hop, 0u);
  EXPECT_EQ(recognized->tag, tag);
}

}  // namespace
}  // namespace onion_proxy
