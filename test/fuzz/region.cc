// The metrics region as a sidecar reads it: a file from a stranger.
//
// Input: one byte of switches, then the file. The checksum of the schema is put right on request,
// because it guards against torn files, not against forged ones.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "plugin/region/reader.h"
#include "test/fuzz/support/expect.h"
#include "test/fuzz/support/input.h"

namespace conflux::fuzz {
namespace {

using region::Description;
using region::Health;
using region::Reader;
using region::Word;

enum Switch : std::uint8_t { kRightChecksum = 1, kCutWhileOpen = 2, kWriteWhileOpen = 4 };

// One file for all runs, with a name, because a reader opens names.
class File {
 public:
  File() : path_("/dev/shm/conflux-fuzz-XXXXXX"), file_(mkstemp(path_.data())) {
    expect(file_ >= 0, "there is room in /dev/shm");
  }
  ~File() {
    close(file_);
    unlink(path_.c_str());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void put(std::span<const std::uint8_t> bytes, off_t at = 0) const {
    expect(pwrite(file_, bytes.data(), bytes.size(), at) == static_cast<ssize_t>(bytes.size()),
           "the file can be written");
  }
  void cut(std::size_t size) const {
    expect(ftruncate(file_, static_cast<off_t>(size)) == 0, "the file can be cut");
  }

 private:
  std::string path_;
  int file_;
};

Word word_at(const std::vector<std::uint8_t>& file, std::size_t index) {
  Word value = 0;
  std::memcpy(&value, file.data() + index * sizeof(Word), sizeof value);
  return value;
}

void put_checksum_right(std::vector<std::uint8_t>& file) {
  if (file.size() < region::kHeaderWords * sizeof(Word)) return;
  const Word at = word_at(file, region::kHeaderSchemaAt);
  const Word bytes = word_at(file, region::kHeaderSchemaBytes);
  if (at > file.size() || bytes > file.size() - at) return;
  const auto schema = std::as_bytes(std::span(file).subspan(at, bytes));
  const Word sum = region::crc32(schema);
  std::memcpy(file.data() + region::kHeaderSchemaCrc * sizeof(Word), &sum, sizeof sum);
}

// Names go to exporters as they are.
bool is_name(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == ':' ||
           (c >= 'A' && c <= 'Z');
  });
}

void check_metrics(const std::vector<Description>& metrics, std::size_t words) {
  expect(metrics.size() <= region::kMetricsMax, "metrics are bounded");
  for (const Description& metric : metrics) {
    expect(metric.first_word <= words && metric.words <= words - metric.first_word,
           "a metric lies inside the aggregates");
    expect(is_name(metric.name), "a name can be printed");
    expect(metric.label.empty() || is_name(metric.label), "a label can be printed");
    expect(metric.values.size() <= region::kValuesMax && metric.bounds.size() <= region::kBoundsMax,
           "values and bounds are bounded");
    expect(metric.help.size() <= region::kTextMax, "texts are bounded");
    expect(std::ranges::is_sorted(metric.bounds), "bounds ascend");
    expect(metric.bin > 0 && metric.scale > 0, "nothing is divided by zero");
  }
}

void check_reader(Reader& reader) {
  region::Counters counters;
  if (!reader.read(counters)) return;
  expect(counters.aggregates.size() <= region::kAggregatesMax, "aggregates are bounded");
  if (!counters.aggregates.empty()) check_metrics(reader.metrics(), counters.aggregates.size());
  std::vector<region::TunnelSlot> tunnels;
  if (!reader.read_tunnels(tunnels)) return;
  expect(tunnels.size() <= reader.slot_count() && reader.slot_count() <= region::kSlotsMax,
         "slots are bounded");
  for (const auto& tunnel : tunnels) {
    expect((tunnel.words[region::kSlotGeneration] & 1U) != 0, "only tunnels that live are shown");
  }
}

void run(std::uint8_t switches, std::vector<std::uint8_t> bytes) {
  static const File file;
  if ((switches & kRightChecksum) != 0) put_checksum_right(bytes);
  file.cut(0);
  file.put(bytes);
  Reader::Result opened = Reader::open(file.path());
  expect((opened.reader != nullptr) == opened.problem.empty(), "a reader, or what is wrong");
  if (opened.reader == nullptr) {
    expect(opened.problem.size() < 300, "what is wrong is said in one line");
    return;
  }
  Reader& reader = *opened.reader;
  check_reader(reader);
  if ((switches & kCutWhileOpen) != 0) file.cut(bytes.size() / (1 + (switches >> 3U)));
  if ((switches & kWriteWhileOpen) != 0) file.put(std::vector<std::uint8_t>(64, switches), 96);
  check_reader(reader);
  using std::chrono::milliseconds;
  std::chrono::steady_clock::time_point now{};
  const Health first = reader.check(now, milliseconds(5));
  const Health later = reader.check(now + milliseconds(10), milliseconds(5));
  // Nobody holds the lock of this file.
  expect(first != Health::kLive && later != Health::kLive,
         "a writer that is not there is not live");
  expect(!reader.was_replaced(), "the file is the same");
}

}  // namespace
}  // namespace conflux::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conflux::fuzz;
  Input in(data, size);
  const std::uint8_t switches = in.byte();
  const auto bytes = in.rest();
  // The schema alone, as if everything before it were right.
  const auto metrics = conflux::region::decode_schema(std::as_bytes(bytes), 64);
  if (metrics) check_metrics(*metrics, 64);
  run(switches, {bytes.begin(), bytes.end()});
  return 0;
}
