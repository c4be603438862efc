#include "plugin/core/event.h"

#include <gtest/gtest.h>

#include <vector>

namespace conflux {
namespace {

TEST(ControlCell, CarriesItsTrueLength) {  // regression R15
  const std::vector<std::uint8_t> body = {1, 2, 3};
  const ControlCell cell = make_control_cell(RelayCommand::kConfluxSwitch, HopNum{2}, body);
  EXPECT_EQ(cell.length, 3);
  EXPECT_EQ(cell.body[2], 3);
  EXPECT_EQ(make_control_cell(RelayCommand::kConfluxLinkedAck, HopNum{2}, {}).length, 0);
}

TEST(EventSink, HandsOutClearedEventsInOrder) {
  std::vector<Event> storage(2);
  storage[1].reason = Reason::INTERNAL;
  storage[1].value = 9;
  storage[1].detail = 9;
  storage[1].leg = LegId{9};
  storage[1].cookie = Cookie{9};
  EventSink sink(storage);
  sink.append(EventKind::kReady);
  const Event& second = sink.append(EventKind::kClosed);
  EXPECT_EQ(&second, &storage[1]);
  EXPECT_EQ(second.kind, EventKind::kClosed);
  EXPECT_EQ(second.reason, Reason::NONE);
  EXPECT_EQ(second.value, 0U);
  EXPECT_EQ(second.detail, 0U);
  EXPECT_EQ(second.leg, LegId{});
  EXPECT_EQ(second.cookie, Cookie{});
  EXPECT_EQ(sink.count(), 2U);
}

}  // namespace
}  // namespace conflux
