#include "config/options/units.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "config/options/suggest.h"

namespace conflux::config {
namespace {

using std::chrono::milliseconds;

TEST(Integer, ReadsPlainDecimals) {
  EXPECT_EQ(read_integer("0").value, 0U);
  EXPECT_EQ(read_integer("10").value, 10U);
  EXPECT_EQ(read_integer("18446744073709551615").value, ~0ULL);
}

TEST(Integer, RefusesEverythingElse) {
  for (const char* text :
       {"", " 1", "1 ", "-1", "+1", "1.0", "1e3", "0x10", "1_000", "1,000", "a"}) {
    EXPECT_EQ(read_integer(text).value, std::nullopt) << text;
    EXPECT_EQ(read_integer(text).problem, "not a whole decimal number") << text;
  }
  EXPECT_EQ(read_integer("18446744073709551616").problem, "too large a number");
  EXPECT_EQ(read_integer("010").problem, "a leading zero");
  EXPECT_EQ(read_integer("010").suggestion, "10");
}

TEST(Size, ReadsOneUnit) {
  EXPECT_EQ(read_size("0").value, 0U);
  EXPECT_EQ(read_size("0B").value, 0U);
  EXPECT_EQ(read_size("7B").value, 7U);
  EXPECT_EQ(read_size("16KiB").value, 16384U);
  EXPECT_EQ(read_size("16MiB").value, 16U << 20U);
  EXPECT_EQ(read_size("2GiB").value, 2ULL << 30U);
}

TEST(Size, RefusesDecimalUnitsAndSaysWhatIsMeant) {
  EXPECT_EQ(read_size("16M").suggestion, "16MiB");
  EXPECT_EQ(read_size("16MB").suggestion, "16MiB");
  EXPECT_EQ(read_size("16 mib").suggestion, "16MiB");
  EXPECT_EQ(read_size("1k").suggestion, "1KiB");
  EXPECT_EQ(read_size("1 G").suggestion, "1GiB");
  EXPECT_EQ(read_size("5 bytes").suggestion, "5B");
  EXPECT_EQ(read_size("5 parsecs").suggestion, "");
}

TEST(Size, RefusesBareFractionalSignedAndCombinedNumbers) {
  EXPECT_EQ(read_size("16").problem, "a size without a unit");
  for (const char* text : {"1.5MiB", "1MiB1KiB", "0x1B", "1MiB "}) {
    EXPECT_EQ(read_size(text).problem, "not a size") << text;
  }
  for (const char* text : {"", "MiB", "-1MiB", "+1MiB", " 1MiB"}) {
    EXPECT_EQ(read_size(text).problem, "no number in front of the unit") << text;
  }
  EXPECT_EQ(read_size("01MiB").problem, "a leading zero");
}

TEST(Size, RefusesWhatDoesNotFit) {
  EXPECT_EQ(read_size("8589934591GiB").value, 8589934591ULL << 30U);
  EXPECT_EQ(read_size("8589934592GiB").problem, "too large a size");
  EXPECT_EQ(read_size("99999999999999999999B").problem, "too large a number");
}

TEST(Duration, ReadsUnitsAndCombinations) {
  EXPECT_EQ(read_duration("0").value, milliseconds{0});
  EXPECT_EQ(read_duration("100ms").value, milliseconds{100});
  EXPECT_EQ(read_duration("60s").value, milliseconds{60'000});
  EXPECT_EQ(read_duration("1m30s").value, milliseconds{90'000});
  EXPECT_EQ(read_duration("1d2h3m4s5ms").value, milliseconds{93'784'005});
}

TEST(Duration, RefusesABareNumberAndSuggestsSeconds) {
  EXPECT_EQ(read_duration("15").problem, "a duration without a unit");
  EXPECT_EQ(read_duration("15").suggestion, "15s");
  EXPECT_EQ(read_duration("1m30").problem, "a duration without a unit");
}

TEST(Duration, RefusesWordsButKnowsWhatTheyMean) {
  EXPECT_EQ(read_duration("60 sec").suggestion, "60s");
  EXPECT_EQ(read_duration("5min").suggestion, "5m");
  EXPECT_EQ(read_duration("5 Milliseconds").suggestion, "5ms");
  EXPECT_EQ(read_duration("2 weeks").suggestion, "");
}

TEST(Duration, WantsTheLargestUnitFirstAndEachOnce) {
  for (const char* text : {"30s1m", "1s1s", "1ms1s", "1m1m"}) {
    EXPECT_EQ(read_duration(text).problem, "the largest unit comes first, each once") << text;
  }
}

TEST(Duration, RefusesFractionsSignsAndOverflow) {
  EXPECT_EQ(read_duration("1.5s").problem, "not a duration");
  EXPECT_EQ(read_duration("-1s").problem, "no number in front of the unit");
  EXPECT_EQ(read_duration("1s ").problem, "not a duration");
  EXPECT_EQ(read_duration("106751991167d").value, milliseconds{106751991167LL * 86'400'000});
  EXPECT_EQ(read_duration("106751991168d").problem, "too large a duration");
  EXPECT_EQ(read_duration("106751991167d99999999999999999h").problem, "too large a duration");
}

TEST(Writing, ReadsBackAndUsesTheLargestUnit) {
  for (const std::uint64_t bytes : {1ULL, 1023ULL, 1024ULL, 1536ULL, 16ULL << 20U, 3ULL << 30U}) {
    EXPECT_EQ(read_size(write_size(bytes)).value, bytes);
  }
  EXPECT_EQ(write_size(0), "0");
  EXPECT_EQ(write_size(1ULL << 20U), "1MiB");
  for (const std::int64_t count : {1, 999, 1000, 90'000, 3'600'000, 86'400'001}) {
    EXPECT_EQ(read_duration(write_duration(milliseconds{count})).value, milliseconds{count});
  }
  EXPECT_EQ(write_duration(milliseconds{90'000}), "90s");
  EXPECT_EQ(write_duration(milliseconds{0}), "0");
}

TEST(Digest, ReadsBothCasesAndWritesLower) {
  const std::string hex = "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff";
  const Reading<Sha256> digest = read_sha256(hex);
  ASSERT_TRUE(digest.value);
  EXPECT_EQ(digest.value->at(10), 0xAA);
  EXPECT_EQ(write_sha256(*digest.value),
            "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
}

TEST(Digest, RefusesWrongLengthsAndLetters) {
  EXPECT_EQ(read_sha256("abc").problem, "its length is 3");
  EXPECT_EQ(read_sha256(std::string(63, 'a') + "g").problem, "not hexadecimal");
  EXPECT_EQ(read_sha256("0x" + std::string(62, 'a')).problem, "not hexadecimal");
  EXPECT_EQ(read_sha256("-1" + std::string(62, 'a')).problem, "not hexadecimal");
}

TEST(EditDistance, CountsTypingErrors) {
  EXPECT_EQ(edit_distance("legs", "legs"), 0U);
  EXPECT_EQ(edit_distance("leggs", "legs"), 1U);
  EXPECT_EQ(edit_distance("lges", "legs"), 1U);
  EXPECT_EQ(edit_distance("DESIRED-UX", "desired_ux"), 0U);
  EXPECT_EQ(edit_distance("", "legs"), 4U);
  EXPECT_EQ(edit_distance(std::string(100, 'a'), "legs"), 100U);
}

TEST(Nearest, FindsWhatIsMeantAndNothingElse) {
  constexpr std::string_view kWords[] = {"profile", "scheduler", "legs"};
  EXPECT_EQ(nearest("profil", kWords), "profile");
  EXPECT_EQ(nearest("shceduler", kWords), "scheduler");
  EXPECT_EQ(nearest("turbo", kWords), "");
  EXPECT_EQ(nearest("x", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
}

}  // namespace
}  // namespace conflux::config
