#include "examples/onion_proxy/proxy/liveness.h"

#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

using std::chrono::seconds;
using Verdict = Liveness::Verdict;

constexpr seconds kTimeout{30};
constexpr bool kWatched = true;
const Instant kStart{Micros(1'000'000)};

TEST(Liveness, ProbesOnceAfterHalfOfTheTimeoutAndGivesUpAfterAllOfIt) {
  Liveness liveness(kTimeout);
  EXPECT_EQ(liveness.check(kWatched, kStart), Verdict::kFine);
  EXPECT_EQ(liveness.next_deadline(), kStart + seconds(15));
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(15) - Micros(1)), Verdict::kFine);
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(15)), Verdict::kProbe);
  EXPECT_EQ(liveness.next_deadline(), kStart + seconds(30));
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(30) - Micros(1)), Verdict::kFine);
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(30)), Verdict::kDead);
}

TEST(Liveness, AnythingHeardStartsTheSilenceAnew) {
  Liveness liveness(kTimeout);
  liveness.check(kWatched, kStart);
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(20)), Verdict::kProbe);
  liveness.note_heard(kStart + seconds(29));
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(31)), Verdict::kFine);
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(44)), Verdict::kProbe);
}

TEST(Liveness, GivesNobodyUpWhomItHasNotAsked) {
  Liveness liveness(kTimeout);
  liveness.check(kWatched, kStart);
  // Our own process stood still.
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(40)), Verdict::kProbe);
  EXPECT_EQ(liveness.next_deadline(), kStart + seconds(55));
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(55) - Micros(1)), Verdict::kFine);
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(55)), Verdict::kDead);
}

TEST(Liveness, AnAnswerMayBeBehindWhatTheExitAcknowledges) {
  Liveness liveness(kTimeout);
  liveness.check(kWatched, kStart);
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(15)), Verdict::kProbe);
  liveness.note_acknowledged(kStart + seconds(30));
  EXPECT_EQ(liveness.next_deadline(), kStart + seconds(45));
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(44)), Verdict::kFine) << "asked once";
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(45)), Verdict::kDead);
}

TEST(Liveness, SilenceIsNoSignWhileNobodyWaits) {
  Liveness liveness(kTimeout);
  liveness.check(kWatched, kStart);
  EXPECT_EQ(liveness.check(!kWatched, kStart + seconds(1)), Verdict::kFine);
  EXPECT_EQ(liveness.next_deadline(), std::nullopt);
  EXPECT_EQ(liveness.check(!kWatched, kStart + seconds(100)), Verdict::kFine);
  // A new stream does not inherit the silence before it.
  EXPECT_EQ(liveness.check(kWatched, kStart + seconds(100)), Verdict::kFine);
  EXPECT_EQ(liveness.next_deadline(), kStart + seconds(115));
}

TEST(Liveness, ATimeoutOfZeroNeverGivesUp) {
  Liveness liveness{Micros::zero()};
  EXPECT_EQ(liveness.check(kWatched, kStart), Verdict::kFine);
  EXPECT_EQ(liveness.check(kWatched, kStart + std::chrono::hours(9)), Verdict::kFine);
  EXPECT_EQ(liveness.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace onion_proxy
