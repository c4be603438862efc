#include "examples/onion_proxy/proxy/overrun_watch.h"

#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

constexpr bool kHigh = true;

TEST(OverrunWatch, TellsOnceThatAsMuchHasComeAsWasHeldWhenTheExitWasAskedToPause) {
  OverrunWatch watch;
  watch.handle_pressure(kHigh, 1000);
  EXPECT_FALSE(watch.check(1999));
  EXPECT_TRUE(watch.check(2000));
  EXPECT_FALSE(watch.check(2000));
  EXPECT_FALSE(watch.check(9000));
}

TEST(OverrunWatch, SaysNothingBeforeTheExitWasAskedToPause) {
  OverrunWatch watch;
  EXPECT_FALSE(watch.check(1'000'000));
}

TEST(OverrunWatch, EachPressureIsMeasuredFromItsOwnBeginning) {
  OverrunWatch watch;
  watch.handle_pressure(kHigh, 1000);
  watch.handle_pressure(!kHigh, 200);
  EXPECT_FALSE(watch.check(3000)) << "the exit may go on";
  watch.handle_pressure(kHigh, 1500);
  EXPECT_FALSE(watch.check(2999));
  EXPECT_TRUE(watch.check(3000));
}

}  // namespace
}  // namespace onion_proxy
