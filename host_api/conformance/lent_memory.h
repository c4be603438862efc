// Memory that is lent to a plugin for one call: it ends where an unmapped page begins, and becomes
// inaccessible when the call has returned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpath::kit {

// What a fault at an address means.
enum class Fault : std::uint8_t {
  kElsewhere,   // not lent memory
  kPastTheEnd,  // read or written past what was lent
  kAfterward,   // touched after the call to which it was lent
  kReadOnly,    // written to, but lent for reading
};

// Pages that are lent and taken back in a ring, so that what was taken back stays out of reach for
// the next thousand calls or so. One thread each.
class LentMemory {
 public:
  LentMemory();
  ~LentMemory();
  LentMemory(const LentMemory&) = delete;
  LentMemory& operator=(const LentMemory&) = delete;

  // `size` writable bytes, aligned to 8, the end of which (rounded up to 8) is the end of the page.
  // What lies in front and in the rounding holds a pattern: see is_intact().
  [[nodiscard]] std::byte* lend(std::size_t size);
  // From now until it is taken back it can be read only.
  void protect(const std::byte* data, std::size_t size) noexcept;
  // Is the pattern around it still there?
  [[nodiscard]] static bool is_intact(const std::byte* data, std::size_t size) noexcept;
  void take_back(const std::byte* data, std::size_t size) noexcept;

  // What a fault at `address` means, in whichever LentMemory it is. For signal handlers.
  [[nodiscard]] static Fault judge(const void* address) noexcept;

 private:
  enum class Page : std::uint8_t { kNever, kGuard, kLent, kReadOnly, kTakenBack };

  [[nodiscard]] std::size_t page_of(const std::byte* data) const noexcept;
  void set(const std::byte* data, std::size_t size, Page state, int protection) noexcept;

  std::byte* base_;
  std::size_t next_ = 0;  // page
  std::vector<Page> pages_;
};

}  // namespace mpath::kit
