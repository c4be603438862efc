// The region that readers of version 1 read for ever, and the page that explains it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <sstream>

#include "test/region/support.h"

namespace conflux::region::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kGolden = CONFLUX_SOURCE_DIR "/test/region/golden/region-1.0.hex";
constexpr const char* kPage = CONFLUX_SOURCE_DIR "/plugin/region/FORMAT.md";

// Lines "offset: bytes  # comment", all in hexadecimal. The file is as long as its header says.
std::string golden_bytes() {
  std::istringstream lines(contents(kGolden));
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (line.empty() || line.starts_with('#') || colon == std::string::npos) continue;
    std::size_t at = std::stoul(line.substr(0, colon), nullptr, 16);
    std::istringstream words(line.substr(colon + 1, line.find('#') - colon - 1));
    for (std::string byte; words >> byte; ++at) {
      if (bytes.size() <= at) bytes.resize(at + 1);
      bytes[at] = static_cast<char>(std::stoul(byte, nullptr, 16));
    }
  }
  Word size = 0;
  std::memcpy(&size, bytes.data() + kHeaderBytes * sizeof(Word), sizeof(size));
  bytes.resize(size);
  return bytes;
}

class Golden : public testing::Test {
 protected:
  Golden() {
    overwrite(directory_.region(), golden_bytes());
    Reader::Result result = Reader::open(directory_.region());
    problem_ = result.problem;
    reader_ = std::move(result.reader);
  }
  void SetUp() override { ASSERT_NE(reader_, nullptr) << problem_; }

  Directory directory_;
  std::string problem_;
  std::unique_ptr<Reader> reader_;
};

TEST_F(Golden, IdentityIsRead) {
  const Identity& it = reader_->identity();
  EXPECT_EQ(it.region_id, 0x0123456789abcdefU);
  EXPECT_EQ(it.major, 1U);
  EXPECT_EQ(it.minor, 0U);
  EXPECT_EQ(it.started_at, 1'750'000'000U);
  EXPECT_TRUE(it.fine_grained);
  EXPECT_FALSE(it.debug_build);
  EXPECT_EQ(reader_->check({}, std::chrono::seconds(5)), Health::kDead) << "nobody holds it";
}

TEST_F(Golden, SchemaIsRead) {
  const std::vector<Description>& metrics = reader_->metrics();
  ASSERT_EQ(metrics.size(), 3U);
  EXPECT_EQ(metrics[0].kind, MetricKind::kGauge);
  EXPECT_EQ(metrics[0].name, "conflux_tunnels");
  EXPECT_EQ(metrics[0].unit, "{tunnel}");
  EXPECT_EQ(metrics[0].bin, 8U);
  EXPECT_EQ(metrics[1].kind, MetricKind::kCounter);
  EXPECT_EQ(metrics[1].label, "rank");
  EXPECT_THAT(metrics[1].values, ElementsAre("best", "other"));
  EXPECT_EQ(metrics[1].first_word, 1U);
  EXPECT_EQ(metrics[2].kind, MetricKind::kHistogram);
  EXPECT_EQ(metrics[2].scale, 1'000'000U);
  EXPECT_THAT(metrics[2].bounds, ElementsAre(50'000, 1'000'000));
  EXPECT_EQ(metrics[2].words, 4U);
}

TEST_F(Golden, AggregatesAreRead) {
  Counters counters;
  ASSERT_TRUE(reader_->read(counters));
  EXPECT_THAT(counters.aggregates, ElementsAre(16, 4096, 2048, 16, 4, 2, 7'500'000));
  EXPECT_EQ(counters.slots_rejected, 3U);
}

TEST_F(Golden, TunnelsAreRead) {
  std::vector<TunnelSlot> tunnels;
  ASSERT_TRUE(reader_->read_tunnels(tunnels));
  ASSERT_EQ(tunnels.size(), 1U) << "the other slot is free";
  const Slot& words = tunnels[0].words;
  constexpr std::size_t kSecondLeg = std::size_t{kSlotLegs} + kLegWords;
  EXPECT_EQ(words[kSlotDisplayId], 0xcafe0001U);
  EXPECT_EQ(words[kSlotState], 3U | 2U << 8U | 1U << 16U);
  EXPECT_EQ(words[kSlotAgeClass], static_cast<Word>(AgeClass::kMinutes));
  EXPECT_EQ(words[kSlotCellsReceived], 70'000U);
  EXPECT_EQ(words[kSlotSwitches], 7ULL << 32U | 9U);
  EXPECT_EQ(words[kSlotReorderPeakBytes], 65'536U);
  EXPECT_EQ(words[kSlotPrimary], 2U);
  EXPECT_EQ(words[kSecondLeg + kLegWindow], 400ULL << 32U | 99U);
  EXPECT_EQ(words[kSecondLeg + kLegRtt], 6ULL << 48U | 2ULL << 32U | 80U);
}

// What a writer of today makes begins as the golden one does.
TEST_F(Golden, WordsAreWhereAWriterPutsThem) {
  const auto writer = make_writer(
      {.directory = directory_.path(), .instance = "today", .slots = 2, .flags = kFlagFineGrained});
  const std::string today = contents(directory_.path() / "today.cfxm");
  const std::string golden = golden_bytes();
  for (const HeaderWord word : {kHeaderMagic, kHeaderVersion, kHeaderSchemaAt, kHeaderSlotCount,
                                kHeaderSlotBytes, kHeaderFlags, kHeaderReady, kHeaderState}) {
    EXPECT_EQ(today.substr(word * sizeof(Word), sizeof(Word)),
              golden.substr(word * sizeof(Word), sizeof(Word)))
        << word << ": another value here is another version of the format";
  }
}

TEST(FormatPage, NamesEveryWordOfTheHeaderAtItsOffset) {
  const std::string page = contents(kPage);
  constexpr auto kWords = std::to_array<std::pair<HeaderWord, const char*>>(
      {{kHeaderMagic, "magic"},
       {kHeaderVersion, "version"},
       {kHeaderBytes, "bytes of the file"},
       {kHeaderRegionId, "region id"},
       {kHeaderStartedAt, "started at"},
       {kHeaderSchemaAt, "where the schema begins"},
       {kHeaderSchemaBytes, "bytes of the schema"},
       {kHeaderSchemaCrc, "CRC-32"},
       {kHeaderAggregatesAt, "where the aggregates begin"},
       {kHeaderAggregateCount, "words of the aggregates"},
       {kHeaderSlotsAt, "where the slots begin"},
       {kHeaderSlotCount, "slots;"},
       {kHeaderSlotBytes, "bytes of a slot"},
       {kHeaderFlags, "flags"},
       {kHeaderReady, "ready"},
       {kHeaderState, "state"},
       {kHeaderHeartbeat, "heartbeat"},
       {kHeaderAggregateSequence, "sequence of the aggregates"},
       {kHeaderSlotsRejected, "tunnels for which there was no slot"}});
  for (const auto& [word, meaning] : kWords) {
    std::ostringstream row;
    row << "| 0x" << std::hex << (word < 2 ? "0" : "") << word * sizeof(Word) << std::dec << " | "
        << word << " | " << meaning;
    EXPECT_THAT(page, HasSubstr(row.str()));
  }
  EXPECT_EQ(kHeaderSlotsRejected + 1, kWords.size()) << "a new word needs its row";
}

TEST(FormatPage, SaysTheLimitsThatReadersKeep) {
  const std::string page = contents(kPage);
  EXPECT_THAT(page, HasSubstr("at most " + std::to_string(kRegionBytesMax >> 20U) + " MiB"));
  EXPECT_THAT(page, HasSubstr("at most " + std::to_string(kSchemaBytesMax >> 10U) + " KiB"));
  EXPECT_THAT(page, HasSubstr("at most " + std::to_string(kAggregatesMax) + " |"));
  EXPECT_THAT(page, HasSubstr("at most " + std::to_string(kSlotsMax) + ", 0 if"));
  EXPECT_THAT(page, HasSubstr("bytes of a slot: " + std::to_string(kSlotBytes)));
  EXPECT_THAT(page, HasSubstr("at most " + std::to_string(kMetricsMax) + ":"));
  EXPECT_THAT(page, HasSubstr("at most " + std::to_string(kTextMax) + " |"));
}

}  // namespace
}  // namespace conflux::region::test
