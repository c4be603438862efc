#include "plugin/abi/address_range.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

#include "plugin/types/check.h"

// There if the process looks for leaks; it would not look here by itself.
extern "C" {
[[gnu::weak]] void __lsan_register_root_region(const void* begin, std::size_t size);
[[gnu::weak]] void __lsan_unregister_root_region(const void* begin, std::size_t size);
}

namespace conflux {
namespace {

std::size_t small_page() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

// The system aligns to small pages: asked for so much more that it holds a huge page's beginning
// wherever it lies, and what is over is given back.
AddressRange::AddressRange(std::size_t size) : size_(size) {
  CONFLUX_CHECK(size % kHugePage == 0);
  const std::size_t spare = kHugePage - small_page();
  void* mapped = ::mmap(nullptr, size + spare, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* first = static_cast<std::byte*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(mapped) % kHugePage;
  begin_ = first + before;
  if (before != 0) static_cast<void>(::munmap(first, before));
  if (before != spare) static_cast<void>(::munmap(begin_ + size, spare - before));
  static_cast<void>(::madvise(begin_, size, MADV_NOHUGEPAGE));
}

AddressRange::~AddressRange() {
  if (begin_ == nullptr) return;
  if (open_ != 0 && __lsan_unregister_root_region != nullptr) {
    __lsan_unregister_root_region(begin_, open_);
  }
  ::munmap(begin_, size_);
}

// A huge page at a time: part of one would come as small pages.
void AddressRange::open(std::size_t size) {
  if (size <= open_) return;
  const std::size_t end = (size + kHugePage - 1) / kHugePage * kHugePage;
  CONFLUX_CHECK(end <= size_);
  if (::mprotect(begin_ + open_, end - open_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  if (__lsan_register_root_region != nullptr) {
    if (open_ != 0) __lsan_unregister_root_region(begin_, open_);
    __lsan_register_root_region(begin_, end);
  }
  open_ = end;
}

void AddressRange::ask_for_huge_pages() noexcept {
  // With larger small pages a huge one is 32 or 512 MiB: too much to take for a few tunnels more.
  if (small_page() != 4096) return;
  static_cast<void>(::madvise(begin_, size_, MADV_HUGEPAGE));
}

}  // namespace conflux
