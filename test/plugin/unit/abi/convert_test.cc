#include "plugin/abi/convert.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;

class Path : public ::testing::Test {
 protected:
  mpath_status convert() { return to_path(path_, out_); }

  std::array<mpath_hop, MPATH_HOPS_MAX + 1> hops_ = [] {
    std::array<mpath_hop, MPATH_HOPS_MAX + 1> hops;
    hops.fill({.relay_tag = 1, .kind = MPATH_HOP_RELAY, .congestion_control = MPATH_CC_VEGAS});
    return hops;
  }();
  mpath_path path_{.hops = hops_.data(),
                   .count = 3,
                   .stride = sizeof(mpath_hop),
                   .cwnd_init = 124,
                   .sendme_inc = 31};
  LegPath out_;
};

TEST_F(Path, KeepsWhatTheCoreNeedsOfIt) {
  hops_[1].congestion_control = MPATH_CC_FIXED_WINDOW;
  hops_[2].relay_tag = 77;
  ASSERT_EQ(convert(), MPATH_OK);
  EXPECT_EQ(out_.hop_count, 3);
  EXPECT_EQ(out_.last_hop, RelayTag{77});
  EXPECT_EQ(out_.fixed_window_hops, 0b010);
  EXPECT_EQ(out_.cwnd_init, Cells{124});
  EXPECT_EQ(out_.sendme_inc, Cells{31});
  EXPECT_FALSE(out_.last_hop_is_virtual);
}

TEST_F(Path, MayHaveNoHopsAndThenNeedsNothing) {
  path_ = {};
  EXPECT_EQ(convert(), MPATH_OK);
  EXPECT_EQ(out_.hop_count, 0);
}

TEST_F(Path, TakesSixteenHopsAndRefusesSeventeen) {
  path_.count = MPATH_HOPS_MAX;
  hops_[MPATH_HOPS_MAX - 1].congestion_control = MPATH_CC_FIXED_WINDOW;
  EXPECT_EQ(convert(), MPATH_OK);
  EXPECT_EQ(out_.fixed_window_hops, 0x8000);
  path_.count = MPATH_HOPS_MAX + 1;
  EXPECT_EQ(convert(), MPATH_E_ARGUMENT);
}

TEST_F(Path, RefusesWhatItCannotRead) {
  path_.hops = nullptr;
  EXPECT_EQ(convert(), MPATH_E_ARGUMENT);
  path_.hops = hops_.data();
  path_.stride = sizeof(mpath_hop) - 8;
  EXPECT_EQ(convert(), MPATH_E_SIZE);
  path_.stride = sizeof(mpath_hop) + 1;
  EXPECT_EQ(convert(), MPATH_E_SIZE) << "elements would be misaligned";
}

TEST_F(Path, RefusesUnknownKindsAndMissingWindows) {
  hops_[0].kind = 0;
  EXPECT_EQ(convert(), MPATH_E_ARGUMENT);
  hops_[0].kind = 3;
  EXPECT_EQ(convert(), MPATH_E_ARGUMENT);
  hops_[0].kind = MPATH_HOP_VIRTUAL;
  hops_[0].congestion_control = 2;
  EXPECT_EQ(convert(), MPATH_E_ARGUMENT);
  hops_[0].congestion_control = MPATH_CC_VEGAS;
  EXPECT_EQ(convert(), MPATH_OK);
  path_.cwnd_init = 0;
  EXPECT_EQ(convert(), MPATH_E_ARGUMENT);
  path_.cwnd_init = 1;
  path_.sendme_inc = 0;
  EXPECT_EQ(convert(), MPATH_E_ARGUMENT);
}

TEST(ToInstant, AcceptsTimesThatLeaveRoomForDeadlines) {
  EXPECT_EQ(to_instant(0), Instant{});
  EXPECT_TRUE(is_instant(MPATH_TIME_MAX));
  EXPECT_FALSE(is_instant(MPATH_TIME_MAX + 1));
  EXPECT_FALSE(is_instant(MPATH_NEVER));
  EXPECT_EQ(to_us(kNever), MPATH_NEVER);
  EXPECT_EQ(to_us(to_instant(42)), 42U);
}

TEST(ToStatus, GivesEachOutcomeANumberOfItsOwn) {
  std::set<mpath_status> seen;
  for (auto outcome = Outcome::kOk; outcome <= Outcome::kClosed;
       outcome = static_cast<Outcome>(static_cast<int>(outcome) + 1)) {
    EXPECT_TRUE(seen.insert(to_status(outcome)).second) << static_cast<int>(outcome);
  }
  EXPECT_FALSE(seen.contains(MPATH_E_POISONED));
  EXPECT_EQ(to_status(static_cast<Outcome>(99)), MPATH_E_POISONED);
}

TEST(ToJoinRequest, RefusesAnUnknownFlag) {  // it might say that the leg cannot join
  mpath_leg_params params{};
  params.struct_size = sizeof(params);
  JoinRequest out;
  params.flags = MPATH_LEG_EVER_STREAM | MPATH_LEG_EVER_JOINED;
  ASSERT_EQ(to_join_request(params, out), MPATH_OK);
  EXPECT_TRUE(out.ever_stream && out.ever_joined && !out.founds_set);
  params.flags = MPATH_LEG_FOUNDS_SET;
  ASSERT_EQ(to_join_request(params, out), MPATH_OK);
  EXPECT_TRUE(!out.ever_stream && !out.ever_joined && out.founds_set);
  params.flags = 8;
  EXPECT_EQ(to_join_request(params, out), MPATH_E_ARGUMENT);
  params.flags = 0;
  params.struct_size = kSizeV1<mpath_leg_params> - 1;
  EXPECT_EQ(to_join_request(params, out), MPATH_E_SIZE);
}

// A host of version 1.0 and one of a later version, whose structs are longer.
struct LongerReceipt {
  mpath_receipt known;
  std::uint64_t unknown;
};

TEST(WriteSized, NeitherShortensNorOverrunsTheHostsStruct) {
  LongerReceipt out{};
  out.known.struct_size = sizeof(LongerReceipt);
  out.unknown = 0xAAAA;
  write_sized(mpath_receipt{.struct_size = 0, .ready = 1, .reason = 2, .reserved = 0}, &out.known);
  EXPECT_EQ(out.known.struct_size, sizeof(LongerReceipt));
  EXPECT_EQ(out.known.ready, 1U);
  EXPECT_EQ(out.unknown, 0xAAAAU);
}

TEST(WriteElement, StaysWithinTheHostsStride) {
  std::array<std::uint64_t, 8> memory;
  memory.fill(0xAAAA);
  auto* first = reinterpret_cast<mpath_token*>(memory.data());
  constexpr std::uint32_t kStride = sizeof(mpath_token) + 8;
  write_element(mpath_token{.token = 5, .leg = 6, .verdict = 1, .reserved = 0}, first, kStride, 1);
  EXPECT_EQ(memory[3], 0xAAAAU) << "element 0 is untouched, and so is its tail";
  EXPECT_EQ(memory[4], 5U);
  EXPECT_EQ(memory[5], 6U);
  EXPECT_EQ(memory[7], 0xAAAAU) << "the tail of element 1";
}

TEST(Describe, SaysOfALegWhatItsStateAllows) {
  const Leg plain = test::leg_in(Plain{});
  EXPECT_EQ(describe(plain, plain.id()).joined, 0U);
  EXPECT_EQ(describe(plain, plain.id()).is_primary, 1U);
  EXPECT_EQ(describe(plain, plain.id()).handshake_rtt_us, MPATH_NEVER);
  const Leg linked = test::leg_in(Linked{.rtt = 30ms});
  EXPECT_EQ(describe(linked, LegId{1}).handshake_rtt_us, 30'000U);
  EXPECT_EQ(describe(linked, LegId{1}).joined, 1U);
  EXPECT_EQ(describe(linked, LegId{1}).is_primary, 0U);
  EXPECT_EQ(summarize(linked, linked.id()).state, std::uint32_t{MPATH_LEG_LINKED});
}

TEST(FromControlCell, CopiesTheBodyAndClearsTheRest) {
  const std::vector<std::uint8_t> body = {9, 8};
  const mpath_control_cell cell =
      from_control_cell(make_control_cell(RelayCommand::kConfluxSwitch, HopNum{2}, body));
  EXPECT_EQ(cell.command, 22);
  EXPECT_EQ(cell.hop, 2);
  EXPECT_EQ(cell.length, 2);
  EXPECT_EQ(cell.body[1], 8);
  EXPECT_EQ(cell.body[2], 0) << "no byte of the stack crosses";
}

}  // namespace
}  // namespace conflux
