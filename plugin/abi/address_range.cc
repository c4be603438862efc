#include "plugin/abi/address_range.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "plugin/types/check.h"

// There if the process looks for leaks; it would not look here by itself.
extern "C" {
[[gnu::weak]] void __lsan_register_root_region(const void* begin, std::size_t size);
[[gnu::weak]] void __lsan_unregister_root_region(const void* begin, std::size_t size);
}

namespace conflux {

// The system aligns to small pages: asked for one huge page more, and what is over is given back.
AddressRange::AddressRange(std::size_t size) : size_(size) {
  CONFLUX_CHECK(size % kHugePage == 0);
  void* mapped = ::mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* first = static_cast<std::byte*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(mapped) % kHugePage;
  begin_ = first + before;
  if (before != 0) static_cast<void>(::munmap(first, before));
  static_cast<void>(::munmap(begin_ + size, kHugePage - before));
  if (__lsan_register_root_region != nullptr) __lsan_register_root_region(begin_, size_);
}

AddressRange::~AddressRange() {
  if (begin_ == nullptr) return;
  if (__lsan_unregister_root_region != nullptr) __lsan_unregister_root_region(begin_, size_);
  ::munmap(begin_, size_);
}

void AddressRange::ask_for_huge_pages() noexcept {
  static_cast<void>(::madvise(begin_, size_, MADV_HUGEPAGE));
}

void AddressRange::gather_huge_page(std::size_t number) {
  CONFLUX_CHECK(number < count_huge_pages());
  constexpr int kCollapse = 25;  // MADV_COLLAPSE, which older headers do not name
  static_cast<void>(::madvise(begin_ + number * kHugePage, kHugePage, kCollapse));
}

}  // namespace conflux
