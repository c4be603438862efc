#include "plugin/types/time.h"

#include <gtest/gtest.h>

namespace conflux {
namespace {

template <class Clock>
concept ReadsTheTime = requires {
  Clock::now();
};
static_assert(!ReadsTheTime<HostClock>, "time is the host's to say");

TEST(Deadline, IsTheSum) {
  EXPECT_EQ(deadline(Instant(Micros{5}), Micros{7}), Instant(Micros{12}));
}

TEST(Deadline, SaturatesInsteadOfWrappingIntoThePast) {
  EXPECT_EQ(deadline(kNever, Micros{1}), kNever);
  EXPECT_EQ(deadline(kNever - Micros{10}, Micros{11}), kNever);
  EXPECT_EQ(deadline(kNever - Micros{10}, Micros{9}), kNever - Micros{1});
}

}  // namespace
}  // namespace conflux
