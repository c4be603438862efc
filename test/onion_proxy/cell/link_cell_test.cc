#include "examples/onion_proxy/cell/link_cell.h"

#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

using Seen = std::vector<std::pair<uint32_t, LinkCommand>>;

Bytes stream_of_three() {
  Bytes bytes;
  const Bytes body = {0, 4, 0, 5};
  append_variable_cell(bytes,
                       {.circuit_id = 0x80000001, .command = LinkCommand::kCerts, .body = body});
  append_fixed_cell(bytes, 0x80000002, LinkCommand::kRelay, body);
  append_fixed_cell(bytes, 0, LinkCommand::kPadding, {});
  return bytes;
}

TEST(LinkCell, VersionsHasATwoByteCircuitId) {
  Bytes bytes;
  const Bytes body = {0, 3, 0, 4, 0, 5};
  append_variable_cell(
      bytes, {.width = CircuitIdWidth::kTwo, .command = LinkCommand::kVersions, .body = body});
  EXPECT_EQ(bytes, (Bytes{0, 0, 7, 0, 6, 0, 3, 0, 4, 0, 5}));
}

TEST(LinkCell, FixedCellIs514BytesAndZeroPadded) {
  Bytes bytes;
  append_fixed_cell(bytes, 0x80010203, LinkCommand::kCreate2, Bytes{9});
  ASSERT_EQ(bytes.size(), kFixedCellSize);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 7), (Bytes{0x80, 1, 2, 3, 10, 9, 0}));
  EXPECT_EQ(bytes.back(), 0);
}

TEST(LinkCellDecoder, FindsTheSameCellsHoweverTheStreamIsCut) {
  const Bytes stream = stream_of_three();
  const Seen sent = {{0x80000001, LinkCommand::kCerts},
                     {0x80000002, LinkCommand::kRelay},
                     {0, LinkCommand::kPadding}};
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{514}, stream.size()}) {
    LinkCellDecoder decoder;
    decoder.set_circuit_id_width(CircuitIdWidth::kFour);
    Seen cells;
    for (size_t at = 0; at < stream.size(); at += piece) {
      decoder.append(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      LinkCell cell;
      while (decoder.next(cell)) cells.emplace_back(cell.circuit_id, cell.command);
    }
    EXPECT_EQ(cells, sent) << "pieces of " << piece;
    EXPECT_EQ(decoder.buffered(), 0u);
  }
}

TEST(LinkCellDecoder, SwitchesToFourByteIdsBetweenTwoBufferedCells) {
  // given VERSIONS and a wide cell in one read
  Bytes stream;
  const Bytes version_5 = {0, 5};
  append_variable_cell(
      stream,
      {.width = CircuitIdWidth::kTwo, .command = LinkCommand::kVersions, .body = version_5});
  append_fixed_cell(stream, 0x80000007, LinkCommand::kNetinfo, {});
  LinkCellDecoder decoder;
  decoder.append(stream);
  // when the width changes after the first
  LinkCell cell;
  ASSERT_TRUE(decoder.next(cell));
  EXPECT_EQ(cell.command, LinkCommand::kVersions);
  decoder.set_circuit_id_width(CircuitIdWidth::kFour);
  // then the second is read with it
  ASSERT_TRUE(decoder.next(cell));
  EXPECT_EQ(cell.circuit_id, 0x80000007u);
  EXPECT_EQ(cell.command, LinkCommand::kNetinfo);
}

TEST(LinkCellDecoder, WaitsForTheLastByteOfTheLongestVariableCell) {
  Bytes stream;
  const Bytes longest(65535, 1);
  append_variable_cell(stream, {.command = LinkCommand::kVpadding, .body = longest});
  LinkCellDecoder decoder;
  decoder.set_circuit_id_width(CircuitIdWidth::kFour);
  decoder.append(ByteView(stream).first(stream.size() - 1));
  LinkCell cell;
  EXPECT_FALSE(decoder.next(cell));
  EXPECT_EQ(decoder.buffered(), LinkCellDecoder::kMaxBuffered - 1);
  decoder.append(ByteView(stream).last(1));
  ASSERT_TRUE(decoder.next(cell));
  EXPECT_EQ(cell.body.size(), 65535u);
}

TEST(LinkCellDecoder, LetsTheBodyBeChangedInPlace) {
  LinkCellDecoder decoder;
  decoder.set_circuit_id_width(CircuitIdWidth::kFour);
  decoder.append(stream_of_three());
  LinkCell first;
  LinkCell second;
  ASSERT_TRUE(decoder.next(first));
  first.body[0] = 0xff;
  ASSERT_TRUE(decoder.next(second));
  EXPECT_EQ(second.command, LinkCommand::kRelay);
  EXPECT_EQ(first.body[0], 0xff);
}

TEST(LinkCommandName, NamesUnknownCommandsSo) {
  EXPECT_EQ(link_command_name(LinkCommand::kRelayEarly), "RELAY_EARLY");
  EXPECT_EQ(link_command_name(static_cast<LinkCommand>(200)), "unknown");
}

}  // namespace
}  // namespace onion_proxy
