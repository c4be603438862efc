#include "host_api/conformance/allocations.h"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "host_api/conformance/check.h"

namespace mpath::kit {
namespace {

// Plain numbers, so that nothing here runs before or after main.
constinit std::atomic<std::uint64_t> allocations{0};
constinit std::atomic<std::int64_t> blocks{0};
constinit std::atomic<std::uint64_t> fail_at{0};  // the value of `allocations` that fails; 0: none
constinit thread_local bool in_plugin = false;

bool may_allocate() noexcept {
  if (!in_plugin) return true;
  const std::uint64_t number = allocations.fetch_add(1, std::memory_order_relaxed) + 1;
  if (number != fail_at.load(std::memory_order_relaxed)) return true;
  errno = ENOMEM;
  return false;
}

void* counted(void* block) noexcept {
  if (in_plugin && block != nullptr) blocks.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void uncount(void* block) noexcept {
  if (in_plugin && block != nullptr) blocks.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace

PluginRuns::PluginRuns() noexcept { in_plugin = true; }
PluginRuns::~PluginRuns() { in_plugin = false; }
bool plugin_runs() noexcept { return in_plugin; }

std::uint64_t plugin_allocations() noexcept { return allocations.load(); }
std::int64_t plugin_blocks() noexcept { return blocks.load(); }

FailingAllocation::FailingAllocation(std::uint64_t n) noexcept {
  fail_at.store(allocations.load() + n);
}
FailingAllocation::~FailingAllocation() { fail_at.store(0); }
bool FailingAllocation::has_failed() noexcept { return allocations.load() >= fail_at.load(); }

}  // namespace mpath::kit

// NOLINTNEXTLINE(google-build-using-namespace)
using namespace mpath::kit;

#define MPATH_KIT_INTERPOSE __attribute__((visibility("default")))

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

// The sanitizer's malloc must stay, so only what C++ allocates can be counted and made to fail.
MPATH_KIT_INTERPOSE void* operator new(std::size_t size) {
  void* block = may_allocate() ? counted(std::malloc(size == 0 ? 1 : size)) : nullptr;
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
MPATH_KIT_INTERPOSE void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return may_allocate() ? counted(std::malloc(size == 0 ? 1 : size)) : nullptr;
}
MPATH_KIT_INTERPOSE void operator delete(void* block) noexcept {
  uncount(block);
  std::free(block);
}
MPATH_KIT_INTERPOSE void operator delete(void* block, std::size_t) noexcept {
  uncount(block);
  std::free(block);
}
MPATH_KIT_INTERPOSE void operator delete(void* block, const std::nothrow_t&) noexcept {
  uncount(block);
  std::free(block);
}
MPATH_KIT_INTERPOSE void* operator new[](std::size_t size) { return operator new(size); }
MPATH_KIT_INTERPOSE void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
MPATH_KIT_INTERPOSE void operator delete[](void* block) noexcept { operator delete(block); }
MPATH_KIT_INTERPOSE void operator delete[](void* block, std::size_t) noexcept {
  operator delete(block);
}

#else

// operator new of the C++ library calls malloc, so that these see everything. glibc's own stay
// reachable under these names.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);

MPATH_KIT_INTERPOSE void* malloc(std::size_t size) {
  return may_allocate() ? counted(__libc_malloc(size)) : nullptr;
}
MPATH_KIT_INTERPOSE void* calloc(std::size_t items, std::size_t size) {
  return may_allocate() ? counted(__libc_calloc(items, size)) : nullptr;
}
MPATH_KIT_INTERPOSE void* realloc(void* block, std::size_t size) {
  if (!may_allocate()) return nullptr;
  void* moved = __libc_realloc(block, size);
  if (moved != nullptr || size == 0) uncount(block);
  return counted(moved);
}
MPATH_KIT_INTERPOSE void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return may_allocate() ? counted(__libc_memalign(alignment, size)) : nullptr;
}
MPATH_KIT_INTERPOSE void* memalign(std::size_t alignment, std::size_t size) {
  return may_allocate() ? counted(__libc_memalign(alignment, size)) : nullptr;
}
MPATH_KIT_INTERPOSE int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  if (!may_allocate()) return ENOMEM;
  void* block = counted(__libc_memalign(alignment, size));
  if (block == nullptr) return ENOMEM;
  *out = block;
  return 0;
}
MPATH_KIT_INTERPOSE void free(void* block) {
  uncount(block);
  __libc_free(block);
}
}

#endif
