#include "examples/onion_proxy/cell/relay_cell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "examples/onion_proxy/cell/handshake_extension.h"
#include "examples/onion_proxy/cell/relay_body.h"

namespace onion_proxy {
namespace {

using ::testing::HasSubstr;

TEST(RelayCell, ReadsBackWhatItWrote) {
  CellPayload payload;
  encode_relay_cell(payload, {.command = RelayCommand::kData, .stream_id = 0x1234}, Bytes{1, 2, 3});
  const auto cell = parse_relay_cell(payload);
  ASSERT_TRUE(cell.ok()) << cell.error();
  EXPECT_EQ(cell.value().command, RelayCommand::kData);
  EXPECT_EQ(cell.value().stream_id, 0x1234);
  EXPECT_EQ(Bytes(cell.value().body.begin(), cell.value().body.end()), (Bytes{1, 2, 3}));
}

TEST(RelayCell, PadsWithFourZeroBytesThenRandom) {
  CellPayload first;
  CellPayload second;
  encode_relay_cell(first, {.command = RelayCommand::kDrop}, {});
  encode_relay_cell(second, {.command = RelayCommand::kDrop}, {});
  EXPECT_EQ(Bytes(&first[11], &first[15]), Bytes(4, 0));
  EXPECT_NE(first, second);
}

TEST(RelayCell, AFullBodyLeavesNoPadding) {
  CellPayload payload;
  const Bytes body(kRelayBodyMax, 0xaa);
  encode_relay_cell(payload, {.command = RelayCommand::kData, .stream_id = 1}, body);
  EXPECT_EQ(payload.back(), 0xaa);
  EXPECT_EQ(parse_relay_cell(payload).value().body.size(), kRelayBodyMax);
}

TEST(RelayCell, RejectsALengthThatDoesNotFit) {
  CellPayload payload{};
  write_u16(&payload[9], 499);
  const auto cell = parse_relay_cell(payload);
  ASSERT_FALSE(cell.ok());
  EXPECT_THAT(cell.error(), HasSubstr("claims 499 bytes"));
}

TEST(RelayBody, BeginEndsWithANulAndFourFlagBytes) {
  EXPECT_EQ(encode_begin("a:80"), (Bytes{'a', ':', '8', '0', 0, 0, 0, 0, 0}));
}

TEST(RelayBody, ConnectedHoldsIpv4Ipv6OrNothing) {
  const auto v4 = parse_connected(Bytes{127, 0, 0, 1, 0, 0, 0, 9});
  ASSERT_TRUE(v4.ok());
  EXPECT_EQ(std::get<1>(v4.value().address), (ByteArray<4>{127, 0, 0, 1}));
  EXPECT_EQ(v4.value().ttl_s, 9u);
  Bytes long_form = {0, 0, 0, 0, 6};
  long_form.resize(5 + 16 + 4, 1);
  const auto v6 = parse_connected(long_form);
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6.value().address.index(), 2u);
  EXPECT_EQ(parse_connected({}).value().address.index(), 0u);
}

TEST(RelayBody, RejectsMalformedConnected) {
  EXPECT_THAT(parse_connected(Bytes{127, 0}).error(), HasSubstr("truncated"));
  EXPECT_THAT(parse_connected(Bytes{0, 0, 0, 0, 4, 1}).error(), HasSubstr("neither"));
  EXPECT_THAT(parse_connected(Bytes{0, 0, 0, 0, 6, 1}).error(), HasSubstr("truncated"));
}

TEST(RelayBody, EndAlwaysCarriesAReasonAndReadsAMissingOneAsMisc) {
  EXPECT_EQ(encode_end(EndReason::kDone), Bytes{6});
  EXPECT_EQ(parse_end({}), EndReason::kMisc);
  EXPECT_EQ(parse_end(Bytes{3}), EndReason::kConnectRefused);
  EXPECT_EQ(end_reason_text(static_cast<EndReason>(99)), "unknown reason");
}

TEST(RelayBody, SendmeCarriesItsTag) {
  SendmeTag tag;
  tag.fill(7);
  const Bytes body = encode_sendme(tag);
  EXPECT_EQ(body.size(), 23u);
  EXPECT_EQ(Bytes(body.begin(), body.begin() + 3), (Bytes{1, 0, 20}));
  EXPECT_EQ(parse_sendme(body).value(), tag);
}

TEST(RelayBody, RejectsUnauthenticatedSendmes) {
  EXPECT_THAT(parse_sendme({}).error(), HasSubstr("without an authentication tag"));
  EXPECT_THAT(parse_sendme(Bytes(23, 0)).error(), HasSubstr("version 0"));
  Bytes short_tag = {1, 0, 16};
  short_tag.resize(19);
  EXPECT_THAT(parse_sendme(short_tag).error(), HasSubstr("16 bytes"));
  EXPECT_THAT(parse_sendme(Bytes{1, 0, 20, 1}).error(), HasSubstr("truncated"));
}

TEST(RelayBody, XonAndXoffRoundTripAndRefuseOtherVersions) {
  EXPECT_TRUE(parse_xoff(encode_xoff()).ok());
  EXPECT_EQ(parse_xon(encode_xon(123456)).value(), 123456u);
  EXPECT_THAT(parse_xoff(Bytes{1}).error(), HasSubstr("version"));
  EXPECT_THAT(parse_xoff({}).error(), HasSubstr("version"));
  EXPECT_THAT(parse_xon(Bytes{1, 0, 0, 0, 0}).error(), HasSubstr("version"));
  EXPECT_THAT(parse_xon(Bytes{0, 0}).error(), HasSubstr("truncated"));
}

TEST(RelayBody, ResolvedKeepsKnownAnswersOnly) {
  const Bytes body = {4, 4, 10, 0, 0, 1, 0, 0, 0, 60, 0x77, 1, 9, 0, 0, 0, 0};
  const auto answers = parse_resolved(body);
  ASSERT_TRUE(answers.ok()) << answers.error();
  ASSERT_EQ(answers.value().size(), 1u);
  EXPECT_EQ(answers.value()[0].value, (Bytes{10, 0, 0, 1}));
  EXPECT_EQ(answers.value()[0].ttl_s, 60u);
  EXPECT_THAT(parse_resolved(Bytes{4, 4, 10}).error(), HasSubstr("truncated"));
  EXPECT_THAT(parse_resolved(Bytes{4, 1, 10, 0, 0, 0, 0}).error(), HasSubstr("wrong length"));
}

TEST(RelayBody, Extend2NamesTheRelayThreeWays) {
  RelayInfo relay;
  relay.ipv4 = {127, 0, 0, 1};
  relay.or_port = 0x1234;
  relay.rsa_id.fill(2);
  relay.ed_id.fill(3);
  const Bytes body = encode_extend2(relay, {.type = 2, .data = Bytes(84, 9)});
  EXPECT_EQ(body.size(), 1u + 8 + 22 + 34 + 4 + 84);
  EXPECT_EQ(Bytes(body.begin(), body.begin() + 11),
            (Bytes{3, 0, 6, 127, 0, 0, 1, 0x12, 0x34, 2, 20}));
}

TEST(RelayBody, RejectsATruncatedHandshakeReply) {
  EXPECT_THAT(parse_created2(Bytes{0, 5, 1}).error(), HasSubstr("truncated"));
}

TEST(HandshakeExtension, AsksForCongestionControlAlone) {
  EXPECT_EQ(congestion_control_request(), (Bytes{1, 1, 0}));
}

TEST(HandshakeExtension, AcceptsAnIncrementWithinOne) {
  for (const uint8_t increment : {uint8_t{30}, uint8_t{31}, uint8_t{32}}) {
    EXPECT_EQ(parse_congestion_control_response(Bytes{1, 2, 1, increment}, 31).value(), increment);
  }
}

TEST(HandshakeExtension, SkipsOtherExtensions) {
  EXPECT_EQ(parse_congestion_control_response(Bytes{2, 9, 1, 0, 2, 1, 31}, 31).value(), 31);
}

TEST(HandshakeExtension, RefusesWhatIsNoAgreement) {
  const auto reason = [](const Bytes& message, uint8_t expected = 31) {
    return parse_congestion_control_response(message, expected).error();
  };
  EXPECT_THAT(reason({0}), HasSubstr("did not agree"));
  EXPECT_THAT(reason({1, 2, 1, 33}), HasSubstr("33 is more than one away"));
  EXPECT_THAT(reason({1, 2, 1, 0}, 1), HasSubstr("0 is more than one away"));
  EXPECT_THAT(reason({1, 2, 2, 31, 0}), HasSubstr("not one byte"));
  EXPECT_THAT(reason({2, 2, 1, 31, 2, 1, 31}), HasSubstr("two"));
  EXPECT_THAT(reason({1, 2, 9, 31}), HasSubstr("truncated"));
  EXPECT_THAT(reason({}), HasSubstr("truncated"));
}

}  // namespace
}  // namespace onion_proxy
