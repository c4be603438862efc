// How a fuzz target reports a broken promise.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace conflux::fuzz {

[[noreturn]] inline void broken(const char* promise) noexcept {
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

// The same with a number that helps whoever looks into it.
inline void expect(bool kept, const char* promise, long long number) noexcept {
  if (kept) return;
  std::fprintf(stderr, "the number is %lld\n", number);
  broken(promise);
}

// Ends the process if the promise was not kept: the fuzzer keeps the input that did it.
inline void expect(bool kept, const char* promise) noexcept {
  if (!kept) broken(promise);
}

}  // namespace conflux::fuzz
