#include "config/options/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <system_error>

namespace conflux::config {
namespace {

constexpr std::uint64_t kMaxMagnitude = std::numeric_limits<std::int64_t>::max();

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr auto kSizeUnits =
    std::to_array<Unit>({{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}});
// Largest first, which is also the order in a text. In milliseconds.
constexpr auto kDurationUnits = std::to_array<Unit>(
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}});

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view leading_digits(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::string_view leading_word(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), is_digit);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return found == units.end() ? nullptr : &*found;
}

std::string write(std::span<const Unit> units, std::uint64_t value) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return "0";
}

// value * factor + sum, or nothing if that is beyond int64.
std::optional<std::uint64_t> add_scaled(std::uint64_t sum, std::uint64_t value,
                                        std::uint64_t factor) {
  if (value > (kMaxMagnitude - sum) / factor) {
    return std::nullopt;
  }
  return sum + value * factor;
}

// "16M", "16mb" and "16 MiB" are all close to "16MiB".
std::string suggest_size(std::string_view digits, std::string_view unit) {
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  if (unit.empty() || unit.size() > 5) {
    return {};
  }
  for (const Unit& known : kSizeUnits) {
    if (to_lower(unit.front()) == to_lower(known.name.front())) {
      return std::string(digits) + std::string(known.name);
    }
  }
  return {};
}

std::string suggest_duration(std::string_view digits, std::string_view unit) {
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  std::string lower(unit);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  if (lower.starts_with("mil") || lower.starts_with("ms")) {
    return std::string(digits) + "ms";
  }
  for (const Unit& known : kDurationUnits) {
    if (!lower.empty() && lower.front() == known.name.front()) {
      return std::string(digits) + std::string(known.name);
    }
  }
  return {};
}

struct Quantity {
  std::uint64_t value;
  std::string_view digits;
  std::string_view unit;  // may be empty
  std::size_t length;     // of both
};

// One number and the word behind it.
Reading<Quantity> read_quantity(std::string_view text) {
  const std::string_view digits = leading_digits(text);
  if (digits.empty()) {
    return {.value = {}, .problem = "no number in front of the unit"};
  }
  const Reading<std::uint64_t> number = read_integer(digits);
  if (!number.value) {
    return {.value = {}, .problem = number.problem, .suggestion = {}};
  }
  const std::string_view unit = leading_word(text.substr(digits.size()));
  return {.value = Quantity{*number.value, digits, unit, digits.size() + unit.size()}};
}

}  // namespace

Reading<std::uint64_t> read_integer(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 10);
  if (error == std::errc::result_out_of_range && stop == end) {
    return {.value = {}, .problem = "too large a number"};
  }
  if (error != std::errc() || stop != end) {
    return {.value = {}, .problem = "not a whole decimal number"};
  }
  if (text.size() > 1 && text.front() == '0') {
    return {.value = {}, .problem = "a leading zero", .suggestion = std::to_string(value)};
  }
  return {.value = value};
}

Reading<std::uint64_t> read_size(std::string_view text) {
  if (text == "0") {
    return {.value = 0};
  }
  const Reading<Quantity> quantity = read_quantity(text);
  if (!quantity.value) {
    return {.value = {}, .problem = quantity.problem};
  }
  const auto& [number, digits, name, length] = *quantity.value;
  if (name.empty()) {
    return {.value = {}, .problem = "a size without a unit"};
  }
  const Unit* unit = find_unit(kSizeUnits, name);
  if (unit == nullptr || length != text.size()) {
    return {.value = {},
            .problem = "not a size",
            .suggestion = length == text.size() ? suggest_size(digits, name) : ""};
  }
  const std::optional<std::uint64_t> bytes = add_scaled(0, number, unit->factor);
  return {.value = bytes, .problem = bytes ? "" : "too large a size"};
}

Reading<std::chrono::milliseconds> read_duration(std::string_view text) {
  if (text == "0") {
    return {.value = std::chrono::milliseconds{0}};
  }
  std::uint64_t sum = 0;
  std::span<const Unit> units = kDurationUnits;
  do {
    const Reading<Quantity> quantity = read_quantity(text);
    if (!quantity.value) {
      return {.value = {}, .problem = quantity.problem};
    }
    const auto& [number, digits, name, length] = *quantity.value;
    if (name.empty()) {
      return {.value = {},
              .problem = "a duration without a unit",
              .suggestion = std::string(digits) + "s"};
    }
    if (find_unit(kDurationUnits, name) == nullptr) {
      return {.value = {},
              .problem = "not a duration",
              .suggestion = length == text.size() ? suggest_duration(digits, name) : ""};
    }
    const Unit* unit = find_unit(units, name);
    if (unit == nullptr) {
      return {.value = {}, .problem = "the largest unit comes first, each once"};
    }
    const std::optional<std::uint64_t> next = add_scaled(sum, number, unit->factor);
    if (!next) {
      return {.value = {}, .problem = "too large a duration"};
    }
    sum = *next;
    units = units.subspan(static_cast<std::size_t>(unit - units.data()) + 1);
    text.remove_prefix(length);
  } while (!text.empty());
  return {.value = std::chrono::milliseconds{sum}};
}

Reading<Sha256> read_sha256(std::string_view text) {
  Sha256 digest{};
  if (text.size() != digest.size() * 2) {
    return {.value = {}, .problem = "its length is " + std::to_string(text.size())};
  }
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const char* pair = text.data() + 2 * i;
    const auto [stop, error] = std::from_chars(pair, pair + 2, digest[i], 16);
    if (error != std::errc() || stop != pair + 2) {
      return {.value = {}, .problem = "not hexadecimal"};
    }
  }
  return {.value = digest};
}

std::string write_size(std::uint64_t bytes) { return write(kSizeUnits, bytes); }

std::string write_duration(std::chrono::milliseconds duration) {
  return write(kDurationUnits, static_cast<std::uint64_t>(duration.count()));
}

std::string write_sha256(const Sha256& digest) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : digest) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace conflux::config
