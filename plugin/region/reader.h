// The sidecar's side of a region. The file is input from a stranger: a proxy that was taken over
// must not take the sidecar over, nor make it crash, spin or eat memory.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugin/region/format.h"
#include "plugin/region/schema.h"

namespace conflux::region {

// How a region stands.
enum class Health : std::uint8_t {
  kAbsent = 1,   // there is no file
  kUnreadable,   // the system refuses it
  kUnsupported,  // of another major version, or no region at all
  kCorrupt,      // it contradicts itself
  kLive,
  kStalled,  // the writer lives but has not ticked for a while
  kDead,     // the writer is gone and had not said so
  kClosed,   // the writer ended in good order
};
[[nodiscard]] const char* word_for(Health health) noexcept;

// What never changes while a region lives.
struct Identity {
  Word region_id = 0;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint64_t started_at = 0;  // Unix time in seconds
  bool fine_grained = false;
  bool debug_build = false;
};

struct Counters {
  std::vector<Word> aggregates;  // empty: they could not be read whole this time
  std::uint64_t slots_rejected = 0;
  std::uint64_t retries = 0;  // of reads that met the writer in the middle
};

struct TunnelSlot {
  std::size_t index = 0;
  Slot words{};
};

// One open file. Reads with pread and maps nothing: a file that is cut while it is read is a short
// read and not a SIGBUS. Not thread-safe. Memory: at most kRegionBytesMax.
class Reader {
 public:
  // Null with `health` and `problem` (one line) if there is nothing to read.
  struct Result {
    std::unique_ptr<Reader> reader;
    Health health = Health::kAbsent;
    std::string problem;
  };
  [[nodiscard]] static Result open(const std::string& path);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[nodiscard]] const Identity& identity() const noexcept { return identity_; }
  [[nodiscard]] const std::vector<Description>& metrics() const noexcept { return metrics_; }
  [[nodiscard]] std::size_t slot_count() const noexcept { return slot_count_; }

  // Is another file there under that path now?
  [[nodiscard]] bool was_replaced() const;
  // `now`: any steady clock. Stalled: no tick for `patience` of it, as seen by these calls.
  [[nodiscard]] Health check(std::chrono::steady_clock::time_point now,
                             std::chrono::milliseconds patience);
  // Of the last check().
  [[nodiscard]] std::chrono::milliseconds heartbeat_age() const noexcept { return age_; }

  // False if the file is cut or otherwise unreadable: open it anew.
  [[nodiscard]] bool read(Counters& out);
  // Tunnels that live, in slot order, without those that are being written just now. False: open
  // it anew.
  [[nodiscard]] bool read_tunnels(std::vector<TunnelSlot>& out);

 private:
  using Header = std::array<Word, kHeaderWords>;
  Reader(int file, std::string path) noexcept;
  [[nodiscard]] Result attach();
  // Null, or what is wrong.
  [[nodiscard]] const char* adopt_layout(const Header& header, std::uint64_t size);
  [[nodiscard]] const char* adopt_schema(const Header& header);
  [[nodiscard]] bool read_chunk(std::size_t first, std::size_t count, std::vector<TunnelSlot>& out);
  [[nodiscard]] bool read_at(std::uint64_t at, void* out, std::size_t bytes) const;
  [[nodiscard]] std::optional<Word> read_word(std::size_t header_word) const;

  int file_;
  std::string path_;
  Identity identity_;
  std::vector<Description> metrics_;
  std::uint64_t aggregates_at_ = 0;
  std::size_t aggregate_count_ = 0;
  std::uint64_t slots_at_ = 0;
  std::size_t slot_count_ = 0;
  std::size_t slot_bytes_ = 0;
  std::array<std::vector<std::byte>, 3> chunk_;  // three looks at the same slots
  dev_t device_ = 0;
  ino_t inode_ = 0;

  Word heartbeat_ = 0;
  std::optional<std::chrono::steady_clock::time_point> beat_seen_;
  std::chrono::milliseconds age_{0};
};

}  // namespace conflux::region
