// What the tables of options share.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "config/options/option.h"

namespace conflux::config::tables {

using std::chrono::milliseconds;

inline constexpr std::uint64_t kKiB = 1ULL << 10;
inline constexpr std::uint64_t kMiB = 1ULL << 20;
inline constexpr std::uint64_t kGiB = 1ULL << 30;

template <class E>
constexpr EnumValue named(std::string_view name, E value, std::string_view help,
                          std::string_view alias = {}) {
  return {name, static_cast<std::uint8_t>(value), help, alias};
}

}  // namespace conflux::config::tables
