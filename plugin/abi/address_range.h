// Memory for very many slots in one piece, taken from the system only where it is touched.
#pragma once

#include <cstddef>
#include <utility>

namespace conflux {

// Zeroed pages that begin at a huge page and are as many whole ones; owned. No thread of its own:
// whoever moves or destroys it does so alone. What was not touched costs addresses, nothing else.
// A leak checker looks for pointers in it, as it does in allocated memory.
class AddressRange {
 public:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20U;

  AddressRange() = default;
  // `size` in bytes, a multiple of kHugePage. Throws std::bad_alloc.
  explicit AddressRange(std::size_t size);
  AddressRange(AddressRange&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AddressRange& operator=(AddressRange&& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AddressRange();

  // What is touched first from now on comes as a whole huge page. A system without them refuses,
  // and all is as before.
  void ask_for_huge_pages() noexcept;
  // After that: this huge page comes now, with what has been touched of it. If the system refuses
  // (Linux before 6.1), it comes in the system's own time. Takes as long as to copy it; other
  // threads may use it meanwhile. `number` is below count_huge_pages().
  void gather_huge_page(std::size_t number);

  [[nodiscard]] std::byte* begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t count_huge_pages() const noexcept { return size_ / kHugePage; }

 private:
  std::byte* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace conflux
