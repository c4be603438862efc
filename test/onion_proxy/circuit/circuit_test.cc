#include "examples/onion_proxy/circuit/circuit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/onion_proxy/support/fake_relay.h"

namespace onion_proxy {
namespace {

using Kind = Circuit::Incoming::Kind;
using test::FakePath;
using ::testing::HasSubstr;

constexpr uint8_t kIncrement = 31;
constexpr size_t kExit = 2;
const Instant kStart{Micros(1'000'000)};

Bytes keys_of(uint8_t hop) { return Bytes(kHopKeySize, hop); }

BuiltCircuit three_hops() {
  BuiltCircuit built;
  built.sendme_inc = kIncrement;
  for (uint8_t hop = 1; hop <= 3; ++hop) built.crypto.add_hop(keys_of(hop));
  return built;
}

// A built circuit and the relays at its other end.
class CircuitTest : public ::testing::Test {
 protected:
  CircuitTest() {
    for (uint8_t hop = 1; hop <= 3; ++hop) path_.add_hop(keys_of(hop));
  }

  Circuit::Incoming arrive(size_t hop, RelayCommand command, uint16_t stream,
                           const Bytes& body = {}) {
    auto sealed = path_.seal(hop, {.command = command, .stream_id = stream}, body);
    last_tag_ = sealed.tag;
    payload_ = sealed.payload;
    return circuit_.handle_relay(payload_, payload_, {}, now_);
  }

  FakePath::Opened send(RelayCommand command, uint16_t stream, const Bytes& body = {}) {
    circuit_.seal({.header = {.command = command, .stream_id = stream}, .body = body, .hop = kExit},
                  now_, payload_);
    return path_.open(payload_);
  }

  // Sends `count` DATA cells; the exit's tag of the last.
  CellTag send_data(int count) {
    CellTag tag{};
    for (int i = 0; i < count; ++i) tag = send(RelayCommand::kData, 1, {1}).tag;
    return tag;
  }

  std::string violation(const Circuit::Incoming& incoming) {
    return incoming.kind == Kind::kViolation ? incoming.violation.reason : "no violation";
  }

  FakePath path_;
  Circuit circuit_{three_hops(), {}};
  CellPayload payload_{};
  CellTag last_tag_{};
  Instant now_ = kStart;
};

TEST_F(CircuitTest, SealsCellsThatTheExitReads) {
  const auto opened = send(RelayCommand::kBegin, 9, {1, 2});
  EXPECT_EQ(opened.hop, kExit);
  EXPECT_EQ(opened.cell.stream_id, 9);
  EXPECT_EQ(opened.cell.body.size(), 2u);
}

TEST_F(CircuitTest, OnlyDataCountsAgainstTheWindow) {
  send(RelayCommand::kBegin, 1);
  send(RelayCommand::kXoff, 1, {0});
  EXPECT_EQ(circuit_.congestion().inflight(), 0u);
  send_data(2);
  EXPECT_EQ(circuit_.congestion().inflight(), 2u);
  EXPECT_EQ(circuit_.data_sent(), 2u);
}

TEST_F(CircuitTest, GivesStreamCellsToItsCaller) {
  const auto incoming = arrive(kExit, RelayCommand::kData, 4, {7});
  ASSERT_EQ(incoming.kind, Kind::kCell);
  EXPECT_EQ(incoming.cell.stream_id, 4);
  EXPECT_EQ(incoming.hop, kExit);
}

TEST_F(CircuitTest, AnswersEvery31stDataCellWithItsTag) {
  CellTag tag_of_31st{};
  for (int i = 1; i <= 33; ++i) {
    ASSERT_EQ(arrive(kExit, RelayCommand::kData, 4, {7}).kind, Kind::kCell);
    if (i == 31) tag_of_31st = last_tag_;
  }
  ASSERT_TRUE(circuit_.poll_sendme(now_, payload_));
  const auto opened = path_.open(payload_);
  EXPECT_EQ(opened.cell.command, RelayCommand::kSendme);
  EXPECT_EQ(opened.cell.stream_id, 0);
  EXPECT_EQ(parse_sendme(opened.cell.body).value(), tag_of_31st);
  EXPECT_FALSE(circuit_.poll_sendme(now_, payload_));
}

TEST_F(CircuitTest, SendmesThatWaitedGoOutInTheOrderOfTheirCells) {
  std::vector<CellTag> expected;
  for (int i = 1; i <= 3 * kIncrement; ++i) {
    ASSERT_EQ(arrive(kExit, RelayCommand::kData, 4, {7}).kind, Kind::kCell);
    if (i % kIncrement == 0) expected.push_back(last_tag_);
  }
  std::vector<CellTag> sent;
  while (circuit_.poll_sendme(now_, payload_)) {
    sent.push_back(parse_sendme(path_.open(payload_).cell.body).value());
  }
  EXPECT_EQ(sent, expected);
}

TEST_F(CircuitTest, RefusesDataBeyondAnyWindowWhileSendmesWait) {
  for (size_t i = 1; i < (Circuit::kMaxSendmesDue + 1) * kIncrement; ++i) {
    ASSERT_EQ(arrive(kExit, RelayCommand::kData, 4, {7}).kind, Kind::kCell) << i;
  }
  const auto incoming = arrive(kExit, RelayCommand::kData, 4, {7});
  EXPECT_THAT(violation(incoming), HasSubstr("beyond any window"));
  EXPECT_EQ(incoming.violation.kind, ViolationKind::kOverrun);
}

TEST_F(CircuitTest, AMatchingSendmeAcknowledgesAndMeasures) {
  const CellTag tag = send_data(31);
  now_ += std::chrono::milliseconds(80);
  EXPECT_EQ(arrive(kExit, RelayCommand::kSendme, 0, encode_sendme(tag)).kind, Kind::kHandled);
  EXPECT_EQ(circuit_.data_acked(), 31u);
  EXPECT_EQ(circuit_.congestion().inflight(), 0u);
  EXPECT_EQ(circuit_.congestion().rtt().ewma_us(), 80'000u);
}

TEST_F(CircuitTest, RefusesASendmeForTheWrongCell) {
  CellTag tag = send_data(31);
  tag[19] ^= 1;
  const auto incoming = arrive(kExit, RelayCommand::kSendme, 0, encode_sendme(tag));
  EXPECT_THAT(violation(incoming), HasSubstr("wrong authentication tag"));
  EXPECT_EQ(incoming.violation.kind, ViolationKind::kBadSendme);
}

TEST_F(CircuitTest, RefusesASendmeThatComesTooEarly) {
  const CellTag tag = send_data(30);
  EXPECT_THAT(violation(arrive(kExit, RelayCommand::kSendme, 0, encode_sendme(tag))),
              HasSubstr("never sent"));
}

TEST_F(CircuitTest, RefusesTheSameSendmeTwice) {
  const CellTag tag = send_data(31);
  ASSERT_EQ(arrive(kExit, RelayCommand::kSendme, 0, encode_sendme(tag)).kind, Kind::kHandled);
  EXPECT_THAT(violation(arrive(kExit, RelayCommand::kSendme, 0, encode_sendme(tag))),
              HasSubstr("never sent"));
}

TEST_F(CircuitTest, RefusesStreamSendmes) {
  const CellTag tag = send_data(31);
  EXPECT_THAT(violation(arrive(kExit, RelayCommand::kSendme, 1, encode_sendme(tag))),
              HasSubstr("for a stream"));
}

TEST_F(CircuitTest, RefusesStreamCellsFromMiddleHops) {
  for (const auto command :
       {RelayCommand::kData, RelayCommand::kConfluxLinked, RelayCommand::kSendme}) {
    Circuit fresh(three_hops(), {});
    FakePath path;
    for (uint8_t hop = 1; hop <= 3; ++hop) path.add_hop(keys_of(hop));
    auto sealed = path.seal(1, {.command = command, .stream_id = 0}, {});
    const auto incoming = fresh.handle_relay(sealed.payload, sealed.payload, {}, now_);
    EXPECT_THAT(violation(incoming), HasSubstr("from another hop"));
    EXPECT_EQ(incoming.violation.kind, ViolationKind::kWrongHop);
    EXPECT_EQ(incoming.violation.culprit, Culprit::kAnyRelay);
  }
}

TEST_F(CircuitTest, RefusesCommandsThatNoRelaySends) {
  EXPECT_THAT(violation(arrive(kExit, RelayCommand::kBegin, 1)), HasSubstr("unexpected BEGIN"));
  EXPECT_THAT(violation(arrive(0, RelayCommand::kExtended2, 0)), HasSubstr("unexpected EXTENDED2"));
}

TEST_F(CircuitTest, OnlyWhatItSealedItselfIsTheLastHopsFault) {
  const auto culprit_of = [&](const Circuit::Incoming& incoming) {
    EXPECT_EQ(incoming.kind, Kind::kViolation);
    return incoming.violation.culprit;
  };
  // What the exit sealed,
  EXPECT_EQ(culprit_of(arrive(kExit, RelayCommand::kBegin, 1)), Culprit::kLastHop);
  EXPECT_EQ(culprit_of(arrive(kExit, RelayCommand::kData, 0)), Culprit::kLastHop);
  EXPECT_EQ(culprit_of(arrive(kExit, RelayCommand::kSendme, 0)), Culprit::kLastHop);
  // what others did,
  EXPECT_EQ(culprit_of(arrive(0, RelayCommand::kBegin, 1)), Culprit::kAnyRelay);
  EXPECT_EQ(culprit_of(arrive(1, RelayCommand::kExtended2, 0)), Culprit::kAnyRelay);
  EXPECT_EQ(culprit_of(arrive(1, RelayCommand::kTruncated, 0, {8})), Culprit::kAnyRelay);
  // and what nobody can be shown to have sealed.
  payload_.fill(0x55);
  EXPECT_EQ(culprit_of(circuit_.handle_relay(payload_, payload_, {}, now_)), Culprit::kAnyRelay);
}

TEST_F(CircuitTest, RefusesDataWithoutAStreamAndConfluxCellsWithOne) {
  EXPECT_THAT(violation(arrive(kExit, RelayCommand::kData, 0)), HasSubstr("without a stream"));
  EXPECT_THAT(violation(arrive(kExit, RelayCommand::kConfluxSwitch, 3)),
              HasSubstr("with a stream"));
}

TEST_F(CircuitTest, SaysWhyARelayTruncatedIt) {
  const auto incoming = arrive(0, RelayCommand::kTruncated, 0, {8});
  EXPECT_THAT(violation(incoming), HasSubstr("a connection between relays closed"));
  EXPECT_EQ(incoming.violation.kind, ViolationKind::kTruncated);
}

TEST_F(CircuitTest, IgnoresDropAndUnknownCommandsFromAnyHop) {
  EXPECT_EQ(arrive(1, RelayCommand::kDrop, 0).kind, Kind::kHandled);
  EXPECT_EQ(arrive(0, static_cast<RelayCommand>(99), 0).kind, Kind::kHandled);
  EXPECT_EQ(arrive(kExit, RelayCommand::kData, 1).kind, Kind::kCell);
}

TEST_F(CircuitTest, RefusesACellThatNoHopMade) {
  payload_.fill(0x55);
  EXPECT_THAT(violation(circuit_.handle_relay(payload_, payload_, {}, now_)),
              HasSubstr("no hop made"));
}

TEST(ShortCellSchedule, LeavesOneCellIn50To100Short) {
  ShortCellSchedule schedule;
  EXPECT_EQ(schedule.next_body_max(), ShortCellSchedule::kShortBody);
  int since = 0;
  for (int i = 0; i < 10'000; ++i) {
    ++since;
    if (schedule.next_body_max() == kRelayBodyMax) continue;
    EXPECT_GE(since, 50);
    EXPECT_LE(since, 100);
    since = 0;
  }
}

}  // namespace
}  // namespace onion_proxy
