#include "host_api/conformance/lent_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace mpath::kit {
namespace {

constexpr std::size_t kPageSize = 4096;
constexpr std::size_t kPages = 4096;
constexpr std::size_t kPatternLength = 64;
constexpr std::byte kPattern{0xC4};

// Those alive, for the signal handler.
constexpr std::size_t kMemoriesMax = 16;
std::array<std::atomic<const LentMemory*>, kMemoriesMax> memories;

std::size_t rounded(std::size_t size) noexcept { return (size + 7) / 8 * 8; }

// Pages for the data and at least the pattern in front of it.
std::size_t pages_for(std::size_t size) noexcept {
  return (rounded(size) + kPatternLength + kPageSize - 1) / kPageSize;
}

bool holds_pattern(const std::byte* from, const std::byte* to) noexcept {
  return std::all_of(from, to, [](std::byte byte) { return byte == kPattern; });
}

}  // namespace

LentMemory::LentMemory() : pages_(kPages, Page::kNever) {
  void* mapped = ::mmap(nullptr, kPages * kPageSize, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<std::byte*>(mapped);
  for (auto& slot : memories) {
    const LentMemory* nobody = nullptr;
    if (slot.compare_exchange_strong(nobody, this)) break;
  }
}

LentMemory::~LentMemory() {
  for (auto& slot : memories) {
    const LentMemory* self = this;
    slot.compare_exchange_strong(self, nullptr);
  }
  ::munmap(base_, kPages * kPageSize);
}

std::size_t LentMemory::page_of(const std::byte* data) const noexcept {
  return static_cast<std::size_t>(data - base_) / kPageSize;
}

void LentMemory::set(const std::byte* data, std::size_t size, Page state, int protection) noexcept {
  const std::size_t count = pages_for(size);
  const std::size_t end = (static_cast<std::size_t>(data - base_) + rounded(size)) / kPageSize;
  const std::size_t first = end - count;
  std::fill_n(pages_.begin() + static_cast<std::ptrdiff_t>(first), count, state);
  ::mprotect(base_ + first * kPageSize, count * kPageSize, protection);
}

std::byte* LentMemory::lend(std::size_t size) {
  const std::size_t count = pages_for(size);
  if (count + 1 > kPages) throw std::bad_alloc();
  if (next_ + count + 1 > kPages) next_ = 0;
  const std::size_t first = std::exchange(next_, next_ + count + 1);
  std::byte* end = base_ + (first + count) * kPageSize;
  std::byte* data = end - rounded(size);
  // Whoever still holds what was lent here before is unlucky, not wrong.
  set(data, size, Page::kLent, PROT_READ | PROT_WRITE);
  pages_[first + count] = Page::kGuard;
  std::memset(data - kPatternLength, static_cast<int>(kPattern), kPatternLength);
  std::memset(data + size, static_cast<int>(kPattern), rounded(size) - size);
  return data;
}

void LentMemory::protect(const std::byte* data, std::size_t size) noexcept {
  set(data, size, Page::kReadOnly, PROT_READ);
}

bool LentMemory::is_intact(const std::byte* data, std::size_t size) noexcept {
  return holds_pattern(data - kPatternLength, data) &&
         holds_pattern(data + size, data + rounded(size));
}

void LentMemory::take_back(const std::byte* data, std::size_t size) noexcept {
  set(data, size, Page::kTakenBack, PROT_NONE);
}

Fault LentMemory::judge(const void* address) noexcept {
  const auto* at = static_cast<const std::byte*>(address);
  for (const auto& slot : memories) {
    const LentMemory* memory = slot.load();
    if (memory == nullptr || at < memory->base_ || at >= memory->base_ + kPages * kPageSize) {
      continue;
    }
    switch (memory->pages_[memory->page_of(at)]) {
      case Page::kTakenBack:
        return Fault::kAfterward;
      case Page::kReadOnly:
        return Fault::kReadOnly;
      case Page::kNever:
      case Page::kGuard:
      case Page::kLent:
        return Fault::kPastTheEnd;
    }
  }
  return Fault::kElsewhere;
}

}  // namespace mpath::kit
