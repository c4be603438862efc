// Lets every allocation of a run fail in turn. Needs a binary of its own: it replaces operator new.

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <new>
#include <string>

#include "config/parse.h"

namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
std::size_t remaining = kNever;
bool failed = false;

void* allocate(std::size_t size) {
  if (remaining == 0) {
    failed = true;
    throw std::bad_alloc();
  }
  if (remaining != kNever) {
    --remaining;
  }
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace conflux::config {
namespace {

ParseResult parse_failing_at(std::size_t allocation, const std::string& text) {
  failed = false;
  remaining = allocation;
  ParseResult result = parse(text, "t");
  remaining = kNever;
  return result;
}

// Everything from the failing allocation on fails too, as it does when memory is really gone.
std::size_t fail_each_in_turn(const std::string& text) {
  for (std::size_t n = 0;; ++n) {
    const ParseResult result = parse_failing_at(n, text);
    if (!failed) {
      return n;
    }
    EXPECT_FALSE(result.ok()) << "allocation " << n;
    EXPECT_TRUE(result.out_of_memory) << "allocation " << n << "\n" << to_string(result);
  }
}

TEST(OutOfMemory, IsReportedAtEveryAllocationOfAGoodText) {
  const std::string text =
      "version: 1\nplugin: {path: /usr/lib/conflux/conflux.so}\n"
      "conflux:\n  profile: lab\n  legs: {count: 4}\n";
  EXPECT_GT(fail_each_in_turn(text), 50U);
}

TEST(OutOfMemory, IsReportedAtEveryAllocationOfABadText) {
  const std::string text =
      "version: 1\nplugin: {path: conflux.so}\n"
      "conflux:\n  profile: lap\n  legs: {count: 4, count: 5}\n  turbo: &x [*x]\n";
  EXPECT_GT(fail_each_in_turn(text), 50U);
}

TEST(OutOfMemory, IsReportedAtEveryAllocationOfASyntaxError) {
  EXPECT_GT(fail_each_in_turn("version: 1\nconflux: {legs: {count: 2}\n"), 30U);
}

}  // namespace
}  // namespace conflux::config
