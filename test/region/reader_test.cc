#include "plugin/region/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "test/region/support.h"

namespace conflux::region::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::chrono::steady_clock::time_point kStart{};

std::vector<Word> aggregates(Word value) { return std::vector<Word>(aggregate_words(), value); }

Slot slot_of(Word value) {
  Slot slot{};
  for (std::size_t i = kSlotDisplayId; i < slot.size(); ++i) slot[i] = value;
  return slot;
}

Word word_at(const std::string& bytes, std::size_t index) {
  Word value = 0;
  std::memcpy(&value, bytes.data() + index * sizeof(Word), sizeof(value));
  return value;
}

void set_word(std::string& bytes, std::size_t index, Word value) {
  std::memcpy(bytes.data() + index * sizeof(Word), &value, sizeof(value));
}

TEST(Reader, FindsWhatTheWriterPublished) {
  const Directory directory;
  const auto writer = make_writer(directory.options(4));
  writer->publish_aggregates(aggregates(7));
  writer->publish_slot(2, slot_of(9));
  const auto reader = Reader::open(directory.region()).reader;
  ASSERT_NE(reader, nullptr);

  Counters counters;
  ASSERT_TRUE(reader->read(counters));
  EXPECT_EQ(counters.aggregates, aggregates(7));
  std::vector<TunnelSlot> tunnels;
  ASSERT_TRUE(reader->read_tunnels(tunnels));
  ASSERT_EQ(tunnels.size(), 1U);
  EXPECT_EQ(tunnels[0].index, 2U);
  EXPECT_EQ(tunnels[0].words[kSlotPrimary], 9U);
  EXPECT_EQ(reader->metrics().size(), catalogue().size());
}

TEST(Reader, SeesASlotGoAndItsNextTunnelWithAnotherGeneration) {
  const Directory directory;
  const auto writer = make_writer(directory.options(1));
  const auto reader = Reader::open(directory.region()).reader;
  std::vector<TunnelSlot> tunnels;
  writer->publish_slot(0, slot_of(1));
  ASSERT_TRUE(reader->read_tunnels(tunnels));
  const Word first = tunnels.at(0).words[kSlotGeneration];
  writer->clear_slot(0);
  ASSERT_TRUE(reader->read_tunnels(tunnels));
  EXPECT_TRUE(tunnels.empty());
  writer->publish_slot(0, slot_of(2));
  ASSERT_TRUE(reader->read_tunnels(tunnels));
  EXPECT_GT(tunnels.at(0).words[kSlotGeneration], first);
}

TEST(Reader, SaysAbsentWhenThereIsNoFile) {
  const Directory directory;
  const Reader::Result result = Reader::open(directory.region());
  EXPECT_EQ(result.health, Health::kAbsent);
  EXPECT_THAT(result.problem, HasSubstr("No such file"));
}

TEST(Reader, IsLiveWhileTheWriterTicksAndStalledWhenItStops) {
  const Directory directory;
  const auto writer = make_writer(directory.options());
  const auto reader = Reader::open(directory.region()).reader;
  EXPECT_EQ(reader->check(kStart, 5s), Health::kLive);
  writer->beat();
  EXPECT_EQ(reader->check(kStart + 4s, 5s), Health::kLive);
  EXPECT_EQ(reader->check(kStart + 9s, 5s), Health::kLive);
  EXPECT_EQ(reader->check(kStart + 10s, 5s), Health::kStalled);
  EXPECT_EQ(reader->heartbeat_age(), 6s);
  writer->beat();
  EXPECT_EQ(reader->check(kStart + 11s, 5s), Health::kLive);
}

TEST(Reader, KnowsAWriterThatEndedFromOneThatDied) {
  const Directory directory;
  auto writer = make_writer(directory.options());
  const auto reader = Reader::open(directory.region()).reader;
  writer.reset();
  EXPECT_EQ(reader->check(kStart, 5s), Health::kClosed);
  EXPECT_TRUE(reader->was_replaced());
}

// The writer is killed between two stores of one publication.
TEST(Reader, OutlivesAWriterKilledInTheMiddleOfAPublication) {
  const Directory directory;
  const pid_t child = fork();
  if (child == 0) {
    const auto writer = make_writer(directory.options(1));
    for (Word i = 0;; ++i) {
      writer->publish_aggregates(aggregates(i));
      writer->publish_slot(0, slot_of(i));
    }
  }
  while (Reader::open(directory.region()).reader == nullptr) std::this_thread::yield();
  const auto reader = Reader::open(directory.region()).reader;
  Counters counters;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(reader->read(counters));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);

  EXPECT_EQ(reader->check(kStart, 5s), Health::kDead);
  ASSERT_TRUE(reader->read(counters)) << "whole or empty, but never for ever";
  if (!counters.aggregates.empty()) {
    EXPECT_EQ(counters.aggregates, aggregates(counters.aggregates[0]));
  }
  std::vector<TunnelSlot> tunnels;
  EXPECT_TRUE(reader->read_tunnels(tunnels));
}

TEST(Reader, NeverMixesTwoPublications) {
  const Directory directory;
  const auto writer = make_writer(directory.options(8));
  const auto reader = Reader::open(directory.region()).reader;
  std::atomic<bool> done{false};
  std::thread writing([&] {
    for (Word i = 1; !done.load(); ++i) {
      writer->publish_aggregates(aggregates(i));
      writer->publish_slot(i % 8, slot_of(i));
    }
  });
  std::size_t whole = 0;
  for (int i = 0; i < 20'000; ++i) {
    Counters counters;
    EXPECT_TRUE(reader->read(counters));
    if (!counters.aggregates.empty()) {
      EXPECT_EQ(counters.aggregates, aggregates(counters.aggregates[0]));
      ++whole;
    }
    std::vector<TunnelSlot> tunnels;
    EXPECT_TRUE(reader->read_tunnels(tunnels));
    for (const TunnelSlot& tunnel : tunnels) {
      for (std::size_t w = kSlotDisplayId; w < kSlotWords; ++w) {
        EXPECT_EQ(tunnel.words[w], tunnel.words[kSlotDisplayId]);
      }
    }
  }
  done.store(true);
  writing.join();
  EXPECT_GT(whole, 0U);
}

TEST(Reader, RefusesAnotherMajorVersionAndSaysWhich) {
  const Directory directory;
  const auto writer = make_writer(directory.options());
  std::string bytes = contents(directory.region());
  set_word(bytes, kHeaderVersion, std::uint64_t{2} << 32U | 5);
  const std::string copy = directory.path() / "newer.cfxm";
  overwrite(copy, bytes);
  const Reader::Result result = Reader::open(copy);
  EXPECT_EQ(result.health, Health::kUnsupported);
  EXPECT_THAT(result.problem, HasSubstr("version 2.5"));
}

TEST(Reader, TakesANewerMinorVersionWithMetricsItHasNeverHeardOf) {
  const Directory directory;
  const auto writer = make_writer(directory.options());
  std::string bytes = contents(directory.region());
  set_word(bytes, kHeaderVersion, std::uint64_t{1} << 32U | 9);
  const std::string copy = directory.path() / "newer.cfxm";
  overwrite(copy, bytes);
  const Reader::Result result = Reader::open(copy);
  ASSERT_NE(result.reader, nullptr) << result.problem;
  EXPECT_EQ(result.reader->identity().minor, 9U);
}

TEST(Reader, SaysCorruptOfARegionThatIsCutAnywhere) {
  const Directory directory;
  const auto writer = make_writer(directory.options(2));
  const std::string bytes = contents(directory.region());
  const std::string copy = directory.path() / "cut.cfxm";
  for (std::size_t length = 0; length < bytes.size(); length += 61) {
    overwrite(copy, bytes.substr(0, length));
    EXPECT_EQ(Reader::open(copy).reader, nullptr) << length;
  }
}

TEST(Reader, NoticesWhenTheFileIsCutUnderIt) {
  const Directory directory;
  const auto writer = make_writer(directory.options(2));
  const std::string copy = directory.path() / "copy.cfxm";
  overwrite(copy, contents(directory.region()));
  const auto reader = Reader::open(copy).reader;
  ASSERT_NE(reader, nullptr);
  std::filesystem::resize_file(copy, 100);
  Counters counters;
  std::vector<TunnelSlot> tunnels;
  EXPECT_FALSE(reader->read(counters)) << "and no SIGBUS";
  EXPECT_FALSE(reader->read_tunnels(tunnels));
  EXPECT_EQ(reader->check(kStart, 5s), Health::kCorrupt);
}

TEST(Reader, SurvivesTwentyThousandDamagedRegions) {
  const Directory directory;
  const auto writer = make_writer(directory.options(4));
  const std::string whole = contents(directory.region());
  const std::string copy = directory.path() / "damaged.cfxm";
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole;
    for (int j = 0; j < 3; ++j) {
      // Mostly the header, where offsets and counts are.
      const std::size_t at =
          random() % 4 == 0 ? random() % (bytes.size() / 8) : random() % kHeaderWords;
      set_word(bytes, at,
               random() % 2 == 0 ? random() : word_at(bytes, at) ^ 1ULL << random() % 64);
    }
    overwrite(copy, bytes);
    const auto reader = Reader::open(copy).reader;
    if (reader == nullptr) continue;
    Counters counters;
    std::vector<TunnelSlot> tunnels;
    static_cast<void>(reader->read(counters));
    static_cast<void>(reader->read_tunnels(tunnels));
    static_cast<void>(reader->check(kStart, 5s));
    EXPECT_LE(tunnels.size(), kSlotsMax);
  }
}

TEST(Reader, OpensNeitherADirectoryNorAPipeNorALink) {
  const Directory directory;
  const auto writer = make_writer(directory.options());
  EXPECT_EQ(Reader::open(directory.path()).health, Health::kUnreadable);
  const std::string link = directory.path() / "link.cfxm";
  ASSERT_EQ(symlink(directory.region().c_str(), link.c_str()), 0);
  EXPECT_EQ(Reader::open(link).health, Health::kUnreadable);
  const std::string pipe = directory.path() / "pipe.cfxm";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(Reader::open(pipe).health, Health::kUnreadable) << "and does not wait";
}

}  // namespace
}  // namespace conflux::region::test
