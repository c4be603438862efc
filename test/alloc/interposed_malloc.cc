#include "test/alloc/interposed_malloc.h"

#include <malloc.h>

#include <cerrno>
#include <cstddef>

// glibc's own, under the names that stay when malloc is interposed.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace conflux::test {
namespace {

// Plain numbers, so that nothing here runs before or after main.
struct State {
  std::uint64_t allocations;
  std::uint64_t frees;
  std::uint64_t bytes;
  std::uint64_t fail_at;  // the value of `allocations` that fails; 0: none
};
constinit State state{};

bool may_allocate() noexcept {
  ++state.allocations;
  if (state.fail_at == 0 || state.allocations != state.fail_at) return true;
  errno = ENOMEM;
  return false;
}

void* count(void* block) noexcept {
  if (block != nullptr) state.bytes += ::malloc_usable_size(block);
  return block;
}

void uncount(void* block) noexcept {
  if (block != nullptr) state.bytes -= ::malloc_usable_size(block);
}

}  // namespace

AllocationCount::AllocationCount() noexcept
    : allocations_(state.allocations), frees_(state.frees) {}

std::uint64_t AllocationCount::allocations() const noexcept {
  return state.allocations - allocations_;
}

std::uint64_t AllocationCount::frees() const noexcept { return state.frees - frees_; }

FailingAllocation::FailingAllocation(std::uint64_t n) noexcept {
  state.fail_at = state.allocations + n;
}

FailingAllocation::~FailingAllocation() { state.fail_at = 0; }

bool FailingAllocation::has_failed() const noexcept { return state.allocations >= state.fail_at; }

std::uint64_t allocated_bytes() noexcept { return state.bytes; }

}  // namespace conflux::test

// operator new of the C++ library calls malloc, so that these see everything.
using namespace conflux::test;  // NOLINT(google-build-using-namespace)

#define CONFLUX_INTERPOSE extern "C" __attribute__((visibility("default")))

CONFLUX_INTERPOSE void* malloc(std::size_t size) {
  return may_allocate() ? count(__libc_malloc(size)) : nullptr;
}

CONFLUX_INTERPOSE void* calloc(std::size_t items, std::size_t size) {
  return may_allocate() ? count(__libc_calloc(items, size)) : nullptr;
}

CONFLUX_INTERPOSE void* realloc(void* block, std::size_t size) {
  if (!may_allocate()) return nullptr;
  uncount(block);
  return count(__libc_realloc(block, size));
}

CONFLUX_INTERPOSE void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return may_allocate() ? count(__libc_memalign(alignment, size)) : nullptr;
}

CONFLUX_INTERPOSE void* memalign(std::size_t alignment, std::size_t size) {
  return may_allocate() ? count(__libc_memalign(alignment, size)) : nullptr;
}

CONFLUX_INTERPOSE int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  if (!may_allocate()) return ENOMEM;
  *out = count(__libc_memalign(alignment, size));
  return *out == nullptr ? ENOMEM : 0;
}

CONFLUX_INTERPOSE void free(void* block) {
  ++state.frees;
  uncount(block);
  __libc_free(block);
}
