#include "test/bench/e2e/forwarder/delay_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace delay_forwarder {
namespace {

using std::chrono::milliseconds;

constexpr Duration kDelay = milliseconds(50);
const Instant kStart = Instant() + std::chrono::hours(1);

std::span<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Instant at(int ms) { return kStart + milliseconds(ms); }

// All that is due, taken out.
std::string take(DelayLine& line, Instant now) {
  std::string taken;
  while (true) {
    const auto due = line.due(now);
    if (due.empty()) return taken;
    taken.append(due.begin(), due.end());
    line.pop(due.size());
  }
}

TEST(DelayLine, GivesNothingBeforeTheDelayIsOver) {
  DelayLine line({});
  line.push(bytes("abc"), at(0), kDelay);
  EXPECT_EQ(take(line, at(49)), "");
  EXPECT_EQ(take(line, at(50)), "abc");
}

TEST(DelayLine, TellsWhenItWillHaveMore) {
  DelayLine line({});
  EXPECT_EQ(line.next_change(), std::nullopt);
  line.push(bytes("abc"), at(0), kDelay);
  line.push(bytes("def"), at(10), kDelay);
  EXPECT_EQ(line.next_change(), at(50));
  take(line, at(50));
  EXPECT_EQ(line.next_change(), at(60));
}

TEST(DelayLine, LetsNothingOvertakeWhenTheDelayShrinks) {
  DelayLine line({});
  line.push(bytes("slow"), at(0), milliseconds(100));
  line.push(bytes("fast"), at(1), milliseconds(0));
  EXPECT_EQ(take(line, at(99)), "");
  EXPECT_EQ(take(line, at(100)), "slowfast");
}

TEST(DelayLine, KeepsBytesAndOrderWhileTheRingGrowsAndWraps) {
  DelayLine line({});
  std::string in;
  std::string out;
  for (int i = 0; i < 400; ++i) {
    std::string part(static_cast<size_t>(i) * 7 % 5000, ' ');
    std::generate(part.begin(), part.end(), [n = static_cast<unsigned>(i)]() mutable {
      return static_cast<char>(n = n * 31 + 7);
    });
    line.push(bytes(part), at(i), milliseconds(i < 200 ? 90 : 20));
    in += part;
    if (i % 3 == 0) out += take(line, at(i));
  }
  EXPECT_GT(line.held(), 0U);
  out += take(line, at(1000));
  EXPECT_EQ(out, in);
}

TEST(DelayLine, HoldsOnlyAsMuchAsItMay) {
  DelayLine line({.held = 100, .waiting = 50});
  EXPECT_EQ(line.room(at(0)), 100U);
  line.push(bytes(std::string(70, 'x')), at(0), kDelay);
  EXPECT_EQ(line.room(at(0)), 30U);
  line.push(bytes(std::string(30, 'x')), at(0), kDelay);
  EXPECT_EQ(line.room(at(0)), 0U);
}

TEST(DelayLine, TakesNothingMoreWhileTheReaderIsSlow) {
  DelayLine line({.held = 1000, .waiting = 50});
  line.push(bytes(std::string(60, 'x')), at(0), kDelay);
  EXPECT_EQ(line.room(at(49)), 940U);
  EXPECT_EQ(line.room(at(50)), 0U);
  line.due(at(50));
  line.pop(11);
  EXPECT_EQ(line.room(at(50)), 951U);
}

TEST(DelayLine, DelaysTheEndToo) {
  DelayLine line({});
  line.push_end(at(0), kDelay);
  EXPECT_FALSE(line.ended(at(49)));
  EXPECT_EQ(line.next_change(), at(50));
  EXPECT_TRUE(line.ended(at(50)));
}

TEST(DelayLine, EndsOnlyBehindTheLastByte) {
  DelayLine line({});
  line.push(bytes("last"), at(0), milliseconds(100));
  line.push_end(at(1), milliseconds(0));
  EXPECT_FALSE(line.ended(at(100)));
  EXPECT_EQ(take(line, at(100)), "last");
  EXPECT_TRUE(line.ended(at(100)));
}

}  // namespace
}  // namespace delay_forwarder
