// The plugin's side of a region: makes the file once, then only stores words.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "plugin/region/format.h"

namespace conflux::region {

struct WriterOptions {
  std::string directory{};  // absolute; must exist and belong to root or to this user
  std::string instance{};   // [a-z0-9-]{1,32}; the file is <directory>/<instance>.cfxm
  std::size_t slots = 0;    // for tunnels; 0: aggregates only
  bool allow_disk = false;
  Word flags = 0;  // HeaderFlag
};

class Writer;
struct WriterResult {
  std::unique_ptr<Writer> writer;  // null: refused
  std::string problem;             // in one line, with what to do about it
};

// Methods are noexcept, take no lock, allocate nothing and make no system call. beat(),
// publish_aggregates() and tell_rejected(): one thread at a time. publish_slot() and
// clear_slot(): one thread at a time for each slot.
class Writer {
 public:
  // The only part that touches the file system: makes <instance>.cfxm whole under another name,
  // locks it and renames it into place, so that no reader ever sees half of one. A file that
  // another living process holds is not replaced. Throws std::bad_alloc.
  [[nodiscard]] static WriterResult create(const WriterOptions& options);
  // Says that it ends, and removes the file if it is still this one.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  [[nodiscard]] std::size_t slots() const noexcept { return slot_count_; }
  // What display ids are made with; random, and never leaves the process.
  [[nodiscard]] std::span<const std::uint8_t, 16> key() const noexcept { return key_; }

  void beat() noexcept;
  // Tunnels without a slot, since the start; binned by the caller.
  void tell_rejected(Word tunnels) noexcept;
  // As many as aggregate_words().
  void publish_aggregates(std::span<const Word> words) noexcept;
  // Words from kSlotDisplayId on; the first two are the seqlock's and the generation's.
  void publish_slot(std::size_t slot, const Slot& words) noexcept;
  // The tunnel that lived there is gone.
  void clear_slot(std::size_t slot) noexcept;

 private:
  struct File;
  Writer(std::unique_ptr<File> file, std::size_t slots) noexcept;
  [[nodiscard]] std::atomic_ref<Word> word(std::size_t at) const noexcept {
    return std::atomic_ref<Word>(words_[at]);
  }

  std::unique_ptr<File> file_;
  Word* words_;
  std::size_t aggregates_at_;  // in words
  std::size_t slots_at_;
  std::size_t slot_count_;
  std::array<std::uint8_t, 16> key_;
};

}  // namespace conflux::region
