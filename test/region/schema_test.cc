#include "plugin/region/schema.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace conflux::region {
namespace {

constexpr auto kValues = std::to_array<std::string_view>({"a", "b"});

MetricSpec small_metric() {
  return {.kind = MetricKind::kCounter,
          .name = "some_name",
          .unit = "{cell}",
          .help = "Help.",
          .label = "rank",
          .values = kValues,
          .bin = 8,
          .scale = 1};
}

std::optional<std::vector<Description>> round_trip(const MetricSpec& metric) {
  const std::array metrics = {metric};
  return decode_schema(encode_schema(metrics), word_count(metric));
}

TEST(Schema, SaysOfTheCatalogueWhatTheCatalogueSays) {
  const auto decoded = decode_schema(encode_schema(catalogue()), aggregate_words());
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->size(), catalogue().size());
  for (std::size_t i = 0; i < decoded->size(); ++i) {
    const MetricSpec& spec = catalogue()[i];
    const Description& description = (*decoded)[i];
    EXPECT_EQ(description.kind, spec.kind);
    EXPECT_EQ(description.name, spec.name);
    EXPECT_EQ(description.unit, spec.unit);
    EXPECT_EQ(description.help, spec.help);
    EXPECT_EQ(description.label, spec.label);
    EXPECT_TRUE(std::ranges::equal(description.values, spec.values));
    EXPECT_TRUE(std::ranges::equal(description.bounds, spec.bounds));
    EXPECT_EQ(description.bin, spec.bin);
    EXPECT_EQ(description.scale, spec.scale);
    EXPECT_EQ(description.first_word, word_of(static_cast<Metric>(i)));
    EXPECT_EQ(description.words, word_count(spec));
  }
}

TEST(Schema, RefusesANameThatAnExporterCannotPrint) {
  for (const std::string_view name : {"", "Upper", "9lives", "a b", "a\"b", "a\n", "a{b=\"c\"}"}) {
    MetricSpec metric = small_metric();
    metric.name = name;
    EXPECT_FALSE(round_trip(metric)) << name;
  }
  EXPECT_TRUE(round_trip(small_metric()));
}

TEST(Schema, RefusesAHelpThatCouldSteerATerminalOrBreakALine) {
  for (const std::string_view help : {"a\nb", "\x1b[31m", "quote \" it", "back\\slash", "\xff"}) {
    MetricSpec metric = small_metric();
    metric.help = help;
    EXPECT_FALSE(round_trip(metric));
  }
}

TEST(Schema, RefusesTheSameLabelValueTwice) {
  static constexpr auto kTwice = std::to_array<std::string_view>({"a", "a"});
  MetricSpec metric = small_metric();
  metric.values = kTwice;
  EXPECT_FALSE(round_trip(metric));
}

TEST(Schema, RefusesBoundsThatDoNotRise) {
  static constexpr auto kRising = std::to_array<std::uint64_t>({1, 2});
  static constexpr auto kLevel = std::to_array<std::uint64_t>({2, 2});
  MetricSpec metric = small_metric();
  metric.kind = MetricKind::kHistogram;
  metric.label = {};
  metric.values = {};
  metric.bounds = kRising;
  EXPECT_TRUE(round_trip(metric));
  metric.bounds = kLevel;
  EXPECT_FALSE(round_trip(metric));
}

TEST(Schema, RefusesABinOrScaleOfZero) {
  MetricSpec metric = small_metric();
  metric.bin = 0;
  EXPECT_FALSE(round_trip(metric));
  metric = small_metric();
  metric.scale = 0;
  EXPECT_FALSE(round_trip(metric));
}

TEST(Schema, RefusesTwoMetricsOfOneName) {
  const std::array metrics = {small_metric(), small_metric()};
  EXPECT_FALSE(decode_schema(encode_schema(metrics), 4));
}

TEST(Schema, RefusesAnotherNumberOfWordsThanTheRegionHas) {
  const std::array metrics = {small_metric()};
  EXPECT_TRUE(decode_schema(encode_schema(metrics), 2));
  EXPECT_FALSE(decode_schema(encode_schema(metrics), 1));
  EXPECT_FALSE(decode_schema(encode_schema(metrics), 3));
}

TEST(Schema, RefusesWhateverIsCutAnywhere) {
  const std::vector<std::byte> whole = encode_schema(catalogue());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode_schema({whole.data(), length}, aggregate_words())) << length;
  }
}

TEST(Schema, SurvivesTenThousandRandomChanges) {
  const std::vector<std::byte> whole = encode_schema(catalogue());
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::byte> bytes = whole;
    for (int j = 0; j < 4; ++j) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    if (const auto decoded = decode_schema(bytes, aggregate_words())) {
      for (const Description& it : *decoded) EXPECT_LE(it.first_word + it.words, aggregate_words());
    }
  }
}

TEST(Crc32, IsTheOneOfTheStandard) {
  constexpr std::string_view kCheck = "123456789";
  EXPECT_EQ(crc32(std::as_bytes(std::span(kCheck))), 0xCBF43926U);
}

}  // namespace
}  // namespace conflux::region
