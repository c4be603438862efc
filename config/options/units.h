// How values are written: strict decimal integers, sizes, durations, digests. Pure functions on
// text; they know nothing of options.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace conflux::config {

// A value, or what is wrong with the text and how it may have been meant.
template <class T>
struct Reading {
  std::optional<T> value;
  std::string problem{};     // empty if there is a value
  std::string suggestion{};  // may be empty
};

// Decimal digits only: no sign, no leading zero ("010" is octal to some), no "0x", "1e3" or
// "1_000".
Reading<std::uint64_t> read_integer(std::string_view text);

// A whole number and one unit of B, KiB, MiB, GiB without a blank, or 0.
// "16M" is refused: it is ambiguous.
Reading<std::uint64_t> read_size(std::string_view text);

// Whole numbers with the units d, h, m, s, ms, each at most once and the largest first ("1m30s"),
// or 0. A bare number is refused: it does not say its unit.
Reading<std::chrono::milliseconds> read_duration(std::string_view text);

// 64 hexadecimal digits.
Reading<Sha256> read_sha256(std::string_view text);

// The shortest text that reads back as the value, with one unit.
std::string write_size(std::uint64_t bytes);
std::string write_duration(std::chrono::milliseconds duration);
std::string write_sha256(const Sha256& digest);

}  // namespace conflux::config
