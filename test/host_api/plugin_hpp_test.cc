// The C++ layer: ownership, and what it hands to the table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mpath/plugin.hpp>
#include <type_traits>
#include <utility>

#include "test/host_api/fake_plugin.h"

namespace conflux::test {
namespace {

using mpath::Instance;
using mpath::Reason;
using mpath::Status;
using mpath::StatusFamily;
using mpath::Tunnel;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CppLayer : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(Instance::open(fake_.plugin(), {}, nullptr, &instance_), Status::kOk);
  }
  Tunnel make_tunnel() {
    Tunnel tunnel;
    EXPECT_EQ(Tunnel::create(instance_, {}, discard_, &tunnel, nullptr), Status::kOk);
    fake_.calls.clear();
    return tunnel;
  }

  FakePlugin fake_;
  Instance instance_;
  std::vector<std::uint64_t> discarded_;
  Tunnel::Discard discard_ = [this](const mpath_token& token) {
    discarded_.push_back(token.token);
  };
};

TEST_F(CppLayer, ATunnelThatGoesOutOfScopeIsClosedDrainedAndDestroyedInThisOrder) {
  {
    const Tunnel tunnel = make_tunnel();
    fake_.held = {10, 11, 12};
  }
  EXPECT_THAT(fake_.calls, ElementsAre("tunnel_close", "drain", "drain", "tunnel_destroy"));
  EXPECT_THAT(discarded_, ElementsAre(10, 11, 12));
}

TEST_F(CppLayer, TheDestructorTellsTheLatestTimeThatItWasTold) {
  {
    Tunnel tunnel = make_tunnel();
    mpath_receipt receipt;
    (void)tunnel.receive({}, 1234, &receipt);
    fake_.last_now_us = 0;
  }
  EXPECT_EQ(fake_.last_now_us, 1234U);
}

TEST_F(CppLayer, ATimeThatIsRefusedIsNotTheOneThatTheDestructorTells) {
  {
    Tunnel tunnel = make_tunnel();
    mpath_receipt receipt;
    (void)tunnel.receive({}, 1234, &receipt);
    (void)tunnel.receive({}, MPATH_NEVER, &receipt);
    (void)tunnel.receive({}, 1000, &receipt);
    fake_.last_now_us = 0;
  }
  EXPECT_EQ(fake_.last_now_us, 1234U);
}

TEST_F(CppLayer, AReceiptSaysNothingThatThePluginDidNotWrite) {
  Tunnel tunnel = make_tunnel();
  mpath_receipt receipt;
  std::memset(&receipt, 0xA5, sizeof(receipt));
  (void)tunnel.receive({}, 1, &receipt);  // the fake writes nothing
  EXPECT_EQ(mpath::reason_of(receipt), Reason::kNone);
  EXPECT_EQ(receipt.ready, 0U);
}

TEST_F(CppLayer, AMovedFromTunnelNamesNothingAndDestroysNothing) {
  Tunnel one = make_tunnel();
  Tunnel two = std::move(one);
  one.destroy();  // NOLINT(bugprone-use-after-move): this is what is tested
  EXPECT_FALSE(one);
  EXPECT_TRUE(two);
  EXPECT_THAT(fake_.calls, IsEmpty());
}

TEST_F(CppLayer, AssigningToATunnelDestroysWhatItHeld) {
  Tunnel one = make_tunnel();
  fake_.held = {5};
  one = Tunnel();
  EXPECT_THAT(discarded_, ElementsAre(5));
  EXPECT_EQ(fake_.calls.back(), "tunnel_destroy");
}

TEST_F(CppLayer, ATunnelIsDestroyedOnceOnly) {
  Tunnel tunnel = make_tunnel();
  tunnel.destroy();
  tunnel.destroy();
  EXPECT_EQ(std::count(fake_.calls.begin(), fake_.calls.end(), "tunnel_destroy"), 1);
}

TEST_F(CppLayer, NothingThatOwnsCanBeCopied) {
  EXPECT_FALSE(std::is_copy_constructible_v<Tunnel>);
  EXPECT_FALSE(std::is_copy_assignable_v<Instance>);
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<Tunnel>);
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<Instance>);
}

TEST_F(CppLayer, AnInstanceClosesItselfOnce) {
  {
    Instance other = std::move(instance_);
    fake_.calls.clear();
  }
  EXPECT_THAT(fake_.calls, ElementsAre("close"));
}

TEST_F(CppLayer, AnInstanceWithTunnelsStaysOpen) {
  fake_.close_answer = MPATH_E_STATE;
  EXPECT_EQ(instance_.close(), Status::kErrorState);
  EXPECT_TRUE(instance_);
  fake_.close_answer = MPATH_OK;
  EXPECT_EQ(instance_.close(), Status::kOk);
  EXPECT_FALSE(instance_);
}

TEST_F(CppLayer, LongDiagnosticsOfARefusalArriveWhole) {
  fake_.open_answer = MPATH_E_CONFIG;
  for (const std::size_t length : {0U, 1U, 4095U, 4096U, 4097U, 100'000U}) {
    fake_.diagnostics = std::string(length, 'x');
    std::string text = "old";
    EXPECT_EQ(fake_.plugin().check({}, &text), Status::kErrorConfig);
    EXPECT_EQ(text, fake_.diagnostics) << length;
  }
}

TEST_F(CppLayer, AnInstanceIsOpenedOnceEvenIfItsWarningsDoNotFit) {
  fake_.diagnostics = std::string(10'000, 'w');
  fake_.calls.clear();
  Instance other;
  std::string text;
  EXPECT_EQ(Instance::open(fake_.plugin(), {}, &text, &other), Status::kOk);
  EXPECT_THAT(fake_.calls, ElementsAre("open"));
  EXPECT_EQ(text, std::string(4095, 'w'));
}

TEST_F(CppLayer, RouteHandsOverWhatTheHostSaid) {
  Tunnel tunnel = make_tunnel();
  std::array<mpath_leg_view, 3> legs{};
  mpath_grant grant;
  grant.reason = 0;
  const Status status = tunnel.route({.command = 2, .hop = 2, .leg = 9, .want = 31},
                                     {.legs = legs, .backlog = 77}, 5, &grant);
  EXPECT_EQ(status, Status::kBlocked);
  EXPECT_EQ(mpath::reason_of(grant), Reason::kAllFull);
  EXPECT_EQ(fake_.request.struct_size, sizeof(mpath_route_request));
  EXPECT_EQ(fake_.request.command, 2);
  EXPECT_EQ(fake_.request.hop, 2);
  EXPECT_EQ(fake_.request.leg, 9U);
  EXPECT_EQ(fake_.request.want, 31U);
  EXPECT_EQ(fake_.views.items, legs.data());
  EXPECT_EQ(fake_.views.count, 3U);
  EXPECT_EQ(fake_.views.stride, sizeof(mpath_leg_view));
  EXPECT_EQ(fake_.views.backlog, 77U);
  EXPECT_EQ(fake_.last_now_us, 5U);
}

TEST_F(CppLayer, ReceiveHandsOverTheCell) {
  Tunnel tunnel = make_tunnel();
  const std::array<std::uint8_t, 4> body = {0, 0, 0, 9};
  mpath_receipt receipt;
  const Status status = tunnel.receive(
      {.command = 22, .hop = 2, .leg = 3, .body = body, .token = 8, .cost = 600}, 6, &receipt);
  EXPECT_EQ(status, Status::kHeld);
  EXPECT_EQ(fake_.cell.struct_size, sizeof(mpath_cell));
  EXPECT_EQ(fake_.cell.body_length, 4);
  EXPECT_EQ(fake_.cell.body, body.data());
  EXPECT_EQ(fake_.cell.token, 8U);
  EXPECT_EQ(fake_.cell.cost, 600U);
}

TEST_F(CppLayer, PollFillsTheBufferAndTheDeadline) {
  Tunnel tunnel = make_tunnel();
  mpath::EventBuffer events;
  EXPECT_EQ(tunnel.poll({}, 1, &events), Status::kOk);
  EXPECT_EQ(events.next_deadline_us, 99U);
  ASSERT_EQ(std::distance(events.begin(), events.end()), 1);
  EXPECT_EQ(mpath::kind_of(*events.begin()), mpath::EventKind::kReady);
}

TEST_F(CppLayer, PollSaysHowMuchRoomItNeeds) {
  Tunnel tunnel = make_tunnel();
  std::array<mpath_event, 1> small;
  std::uint32_t count = 0;
  std::uint64_t deadline = 0;
  EXPECT_EQ(tunnel.poll({}, 1, small, &count, &deadline), Status::kErrorBuffer);
  EXPECT_EQ(count, 2U);
}

TEST_F(CppLayer, AnEmptySeedIsTheNullPointerAndAShortOneIsRefused) {
  Tunnel tunnel;
  std::array<std::uint8_t, MPATH_SEED_LEN> seed{};
  const auto create = [&](std::span<const std::uint8_t> bytes) {
    return Tunnel::create(instance_, {.first_leg = {}, .seed = bytes}, nullptr, &tunnel, nullptr);
  };
  EXPECT_EQ(create({}), Status::kOk);
  EXPECT_EQ(fake_.params.seed, nullptr);
  EXPECT_EQ(create(seed), Status::kOk);
  EXPECT_EQ(fake_.params.seed, seed.data());
  EXPECT_EQ(create(std::span(seed).first(31)), Status::kErrorArgument);
}

TEST_F(CppLayer, AllLogRecordsAreDrainedAndTheLossesAddedUp) {
  fake_.records_lost = 4;
  for (std::uint32_t i = 0; i < 150; ++i) {
    mpath_log_record record{};
    record.event = i;
    fake_.records.push_back(record);
  }
  std::uint32_t next = 0;
  const std::uint64_t lost =
      instance_.drain_log([&](const mpath_log_record& record) { EXPECT_EQ(record.event, next++); });
  EXPECT_EQ(next, 150U);
  EXPECT_EQ(lost, 4U);
}

TEST_F(CppLayer, CommandClassesAreReadFromTheTable) {
  const mpath::Plugin plugin = fake_.plugin();
  for (unsigned command = 0; command < 256; ++command) {
    EXPECT_EQ(plugin.is_signalling(static_cast<std::uint8_t>(command)), command == 19);
    EXPECT_EQ(plugin.is_sequenced(static_cast<std::uint8_t>(command)), command == 255);
  }
}

TEST(Statuses, FallIntoFamilies) {
  EXPECT_EQ(family(Status::kOk), StatusFamily::kDone);
  EXPECT_EQ(family(Status::kIgnored), StatusFamily::kDone);
  EXPECT_EQ(family(Status::kErrorArgument), StatusFamily::kMisuse);
  EXPECT_EQ(family(Status::kErrorVersion), StatusFamily::kMisuse);
  EXPECT_EQ(family(Status{-199}), StatusFamily::kMisuse);
  EXPECT_EQ(family(Status::kErrorProtocol), StatusFamily::kProtocol);
  EXPECT_EQ(family(Status::kErrorClosed), StatusFamily::kProtocol);
  EXPECT_EQ(family(Status::kErrorNoMemory), StatusFamily::kResource);
  EXPECT_EQ(family(Status::kErrorRandom), StatusFamily::kResource);
  EXPECT_EQ(family(Status::kErrorPoisoned), StatusFamily::kPoisoned);
  EXPECT_FALSE(is_error(Status::kIgnored));
  EXPECT_TRUE(is_error(Status::kErrorArgument));
}

TEST(ControlCells, NeverShowMoreBodyThanThereIs) {
  mpath_control_cell cell{};
  cell.length = 50;
  EXPECT_EQ(mpath::body_of(cell).size(), 50U);
  cell.length = 0xffff;
  EXPECT_EQ(mpath::body_of(cell).size(), std::size_t{MPATH_BODY_MAX});
}

// A name that is added to the C header must get its C++ one.
TEST(Reasons, AreAllNamedInTheCppLayer) {
  std::ifstream in(CONFLUX_SOURCE_DIR "/host_api/include/mpath/types.hpp");
  const std::string text(std::istreambuf_iterator<char>(in), {});
#define CONFLUX_EXPECT_NAMED(name, number, words) \
  EXPECT_NE(text.find("= MPATH_REASON_" #name ","), std::string::npos) << #name;
  MPATH_REASON_LIST(CONFLUX_EXPECT_NAMED)
#undef CONFLUX_EXPECT_NAMED
}

}  // namespace
}  // namespace conflux::test
