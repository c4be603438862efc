#include "examples/onion_proxy/directory/protocol_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "examples/onion_proxy/directory/item_reader.h"

namespace onion_proxy {
namespace {

constexpr size_t kProtocolsMax = 64;
constexpr uint64_t kVersionMax = 63;

// Bits low to high, both included; high is at most 63.
uint64_t version_bits(uint64_t low, uint64_t high) {
  const uint64_t up_to_high = high == kVersionMax ? ~uint64_t{0} : (uint64_t{1} << (high + 1)) - 1;
  return up_to_high & ~((uint64_t{1} << low) - 1);
}

std::optional<uint64_t> parse_ranges(std::string_view text) {
  uint64_t bits = 0;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view range = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t dash = range.find('-');
    const auto low = parse_number(range.substr(0, dash), kVersionMax);
    const auto high =
        dash == std::string_view::npos ? low : parse_number(range.substr(dash + 1), kVersionMax);
    if (!low || !high || *low > *high) return std::nullopt;
    bits |= version_bits(*low, *high);
  }
  return bits;
}

}  // namespace

Result<ProtocolSet> ProtocolSet::parse(std::string_view text) {
  ProtocolSet out;
  for (const std::string_view word : split_arguments(text)) {
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return Error{fmt::format("`{}` is not NAME=VERSIONS", word.substr(0, 40))};
    }
    const auto versions = parse_ranges(word.substr(equals + 1));
    if (!versions) {
      return Error{
          fmt::format("`{}`: versions must be 0 to 63, such as 1,3-5", word.substr(0, 40))};
    }
    if (out.entries_.size() == kProtocolsMax) return Error{"more than 64 protocols"};
    out.entries_.push_back({std::string(word.substr(0, equals)), *versions});
  }
  return out;
}

bool ProtocolSet::supports(std::string_view protocol, unsigned version) const {
  if (version > kVersionMax) return false;
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.name == protocol && (entry.versions >> version & 1) != 0;
  });
}

}  // namespace onion_proxy
