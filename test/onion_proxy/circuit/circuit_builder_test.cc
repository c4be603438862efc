#include "examples/onion_proxy/circuit/circuit_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/onion_proxy/support/fake_relay.h"

namespace onion_proxy {
namespace {

using State = CircuitBuilder::State;
using test::FakePath;
using test::FakeRelay;
using ::testing::HasSubstr;

constexpr uint8_t kIncrement = 31;

Bytes created2(const Bytes& reply) {
  Bytes out;
  append_u16(out, static_cast<uint16_t>(reply.size()));
  append(out, reply);
  return out;
}

// A client that builds, and the three relays that it builds through.
class CircuitBuilding : public ::testing::Test {
 protected:
  // What the relay at `hop` got: the handshake data of CREATE2 or EXTEND2.
  Bytes next_onionskin() {
    const auto cell = builder_.poll_cell();
    if (!cell) return {};
    if (cell->command == LinkCommand::kCreate2) {
      return Bytes(cell->payload.begin() + 4, cell->payload.end());
    }
    EXPECT_EQ(cell->command, LinkCommand::kRelayEarly);
    CellPayload payload = to_array<kCellPayloadSize>(cell->payload).value();
    const auto opened = path_.open(payload);
    EXPECT_EQ(opened.cell.command, RelayCommand::kExtend2);
    constexpr size_t kSpecifiers = 1 + 8 + 22 + 34;
    const ByteView skin = opened.cell.body.subspan(kSpecifiers + 4);
    return Bytes(skin.begin(), skin.end());
  }

  void answer_created2(const Bytes& reply) {
    Bytes payload = created2(reply);
    payload.resize(kCellPayloadSize);
    builder_.handle_cell(LinkCommand::kCreated2, payload);
  }

  void answer_relay(size_t hop, RelayHeader header, const Bytes& body) {
    auto sealed = path_.seal(hop, header, body);
    builder_.handle_cell(LinkCommand::kRelay, sealed.payload);
  }

  void build_guard() {
    answer_created2(guard_.answer_ntor(next_onionskin()));
    path_.add_hop(guard_.keys());
  }
  void build_middle() {
    const Bytes reply = middle_.answer_ntor(next_onionskin());
    answer_relay(0, {.command = RelayCommand::kExtended2}, created2(reply));
    path_.add_hop(middle_.keys());
  }
  void build_exit(const Bytes& extensions) {
    const Bytes reply = exit_.answer_ntor_v3(next_onionskin(), extensions);
    answer_relay(1, {.command = RelayCommand::kExtended2}, created2(reply));
    path_.add_hop(exit_.keys());
  }

  FakeRelay guard_{1};
  FakeRelay middle_{2};
  FakeRelay exit_{3};
  FakePath path_;
  CircuitBuilder builder_{{guard_.info(), middle_.info(), exit_.info()}, kIncrement};
};

TEST_F(CircuitBuilding, BuildsThreeHopsWithCongestionControl) {
  build_guard();
  build_middle();
  build_exit({1, 2, 1, 30});
  ASSERT_EQ(builder_.state(), State::kBuilt) << builder_.failure();
  EXPECT_EQ(exit_.client_message(), (Bytes{1, 1, 0}));
  // and both ends can talk
  BuiltCircuit built = builder_.take();
  EXPECT_EQ(built.sendme_inc, 30);
  CellPayload payload;
  encode_relay_cell(payload, {.command = RelayCommand::kBegin, .stream_id = 5}, {});
  const CellTag tag = built.crypto.encrypt(2, payload);
  const auto opened = path_.open(payload);
  EXPECT_EQ(opened.hop, 2u);
  EXPECT_EQ(opened.tag, tag);
  EXPECT_EQ(opened.cell.stream_id, 5);
}

TEST_F(CircuitBuilding, RefusesAnExitWithoutCongestionControl) {
  build_guard();
  build_middle();
  build_exit({0});
  EXPECT_EQ(builder_.state(), State::kFailed);
  EXPECT_THAT(builder_.failure(), HasSubstr("hop 3: the exit did not agree"));
}

TEST_F(CircuitBuilding, RefusesAnIncrementFarFromTheConsensus) {
  build_guard();
  build_middle();
  build_exit({1, 2, 1, 33});
  EXPECT_EQ(builder_.state(), State::kFailed);
  EXPECT_THAT(builder_.failure(), HasSubstr("SENDME increment 33"));
}

TEST_F(CircuitBuilding, RefusesAGuardThatDoesNotOwnItsKey) {
  FakeRelay impostor(9);
  answer_created2(impostor.answer_ntor(next_onionskin()));
  EXPECT_EQ(builder_.state(), State::kFailed);
  EXPECT_THAT(builder_.failure(), HasSubstr("hop 1: the ntor reply does not authenticate"));
}

TEST_F(CircuitBuilding, SaysWhyItWasTruncated) {
  build_guard();
  ASSERT_FALSE(next_onionskin().empty());
  answer_relay(0, {.command = RelayCommand::kTruncated}, {6});
  EXPECT_EQ(builder_.state(), State::kFailed);
  EXPECT_THAT(builder_.failure(), HasSubstr("hop 2: the circuit was truncated: the next relay "
                                            "could not be reached"));
}

TEST_F(CircuitBuilding, SaysWhyItWasDestroyed) {
  Bytes destroy = {1};
  builder_.handle_cell(LinkCommand::kDestroy, destroy);
  EXPECT_EQ(builder_.state(), State::kFailed);
  EXPECT_THAT(builder_.failure(), HasSubstr("hop 1: the circuit was destroyed: protocol"));
}

TEST_F(CircuitBuilding, RefusesASecondCreated2) {
  build_guard();
  answer_created2(Bytes(64, 0));
  EXPECT_EQ(builder_.state(), State::kFailed);
  EXPECT_THAT(builder_.failure(), HasSubstr("unexpected CREATED2"));
}

TEST_F(CircuitBuilding, RefusesExtended2FromAnEarlierHop) {
  build_guard();
  build_middle();
  ASSERT_FALSE(next_onionskin().empty());
  answer_relay(0, {.command = RelayCommand::kExtended2}, created2(Bytes(64, 0)));
  EXPECT_EQ(builder_.state(), State::kFailed);
  EXPECT_THAT(builder_.failure(), HasSubstr("unexpected EXTENDED2"));
}

TEST_F(CircuitBuilding, RefusesCellsThatNoHopMade) {
  build_guard();
  CellPayload garbage{};
  builder_.handle_cell(LinkCommand::kRelay, garbage);
  EXPECT_EQ(builder_.state(), State::kFailed);
  EXPECT_THAT(builder_.failure(), HasSubstr("no hop made"));
}

TEST_F(CircuitBuilding, IgnoresDropWhileExtending) {
  build_guard();
  const Bytes skin = next_onionskin();
  answer_relay(0, {.command = RelayCommand::kDrop}, {});
  ASSERT_EQ(builder_.state(), State::kBuilding);
  answer_relay(0, {.command = RelayCommand::kExtended2}, created2(middle_.answer_ntor(skin)));
  EXPECT_EQ(builder_.hops_done(), 2u);
}

TEST_F(CircuitBuilding, AFailedBuildSendsNothingMore) {
  Bytes destroy = {1};
  builder_.handle_cell(LinkCommand::kDestroy, destroy);
  EXPECT_FALSE(builder_.poll_cell());
}

}  // namespace
}  // namespace onion_proxy
