// Addresses for very many slots in one piece, of which memory is made as it is needed.
#pragma once

#include <cstddef>
#include <utility>

namespace conflux {

// Addresses that begin at a huge page and are as many whole ones; owned. Whoever opens, moves or
// destroys it does so alone. What is not open reads as zero and cannot be written; it costs
// addresses only: neither memory nor commit charge (page tables, in a process that locks all of its
// memory). A leak checker looks for pointers in what is open, as it does in allocated memory.
class AddressRange {
 public:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20U;

  AddressRange() = default;
  // `size` in bytes, a multiple of kHugePage; nothing of it is open. Throws std::bad_alloc.
  explicit AddressRange(std::size_t size);
  AddressRange(AddressRange&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        open_(std::exchange(other.open_, 0)) {}
  AddressRange& operator=(AddressRange&& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    std::swap(open_, other.open_);
    return *this;
  }
  ~AddressRange();

  // The first `size` bytes are open: zeroed memory, taken from the system where it is touched.
  // Throws std::bad_alloc; then what was open still is, and a later call may succeed.
  void open(std::size_t size);
  // What is touched first from now on comes as a whole huge page, and what was before is put
  // together in the system's own time. Not if the system has no huge pages, or none of 2 MiB.
  // Until it is called, all comes as small pages, whatever the system prefers.
  void ask_for_huge_pages() noexcept;

  [[nodiscard]] std::byte* begin() const noexcept { return begin_; }

 private:
  std::byte* begin_ = nullptr;
  std::size_t size_ = 0;
  std::size_t open_ = 0;
};

}  // namespace conflux
