#include "plugin/region/schema.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string_view>

namespace conflux::region {
namespace {

class Encoder {
 public:
  template <class T>
  void number(T value) {
    std::array<std::byte, sizeof(T)> raw;
    std::memcpy(raw.data(), &value, sizeof(T));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  void text(std::string_view value) {
    number(static_cast<std::uint16_t>(value.size()));
    const auto* data = reinterpret_cast<const std::byte*>(value.data());
    bytes_.insert(bytes_.end(), data, data + value.size());
  }
  [[nodiscard]] std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// Reads on after a failure, but answers nothing more than zeros and the failure.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) noexcept : left_(bytes) {}

  template <class T>
  T number() noexcept {
    T value{};
    if (left_.size() < sizeof(T)) {
      fail();
      return value;
    }
    std::memcpy(&value, left_.data(), sizeof(T));
    left_ = left_.subspan(sizeof(T));
    return value;
  }
  std::string text() {
    const std::size_t length = number<std::uint16_t>();
    if (length > kTextMax || length > left_.size()) {
      fail();
      return {};
    }
    std::string value(reinterpret_cast<const char*>(left_.data()), length);
    left_ = left_.subspan(length);
    return value;
  }
  std::size_t count(std::size_t most) noexcept {
    const std::size_t value = number<std::uint16_t>();
    if (value <= most) return value;
    fail();
    return 0;
  }
  void fail() noexcept {
    ok_ = false;
    left_ = {};
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }

 private:
  std::span<const std::byte> left_;
  bool ok_ = true;
};

bool is_name(std::string_view text) {
  const auto is_lower = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !text.empty() && is_lower(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_lower(c) || (c >= '0' && c <= '9'); });
}

// Printable ASCII, so that a hostile writer cannot steer a terminal or break a line of an export.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

bool is_sound(const Description& it) {
  const bool histogram = it.kind == MetricKind::kHistogram;
  const std::size_t words =
      histogram ? it.bounds.size() + 2 : std::max<std::size_t>(it.values.size(), 1);
  const std::set<std::string_view> distinct(it.values.begin(), it.values.end());
  return it.kind >= MetricKind::kCounter && it.kind <= MetricKind::kHistogram &&
         it.words == words && it.bin > 0 && it.scale > 0 && is_name(it.name) && is_plain(it.unit) &&
         is_plain(it.help) && it.label.empty() == it.values.empty() &&
         (it.label.empty() || is_name(it.label)) && std::ranges::all_of(it.values, is_name) &&
         distinct.size() == it.values.size() && (histogram || it.bounds.empty()) &&
         !(histogram && !it.values.empty()) &&
         std::ranges::adjacent_find(it.bounds, std::greater_equal<>()) == it.bounds.end();
}

Description decode_one(Decoder& in) {
  Description it;
  it.kind = static_cast<MetricKind>(in.number<std::uint8_t>());
  if (in.number<std::uint8_t>() != 0) in.fail();
  it.words = in.number<std::uint16_t>();
  if (in.number<std::uint32_t>() != 0) in.fail();
  it.bin = in.number<std::uint64_t>();
  it.scale = in.number<std::uint64_t>();
  it.name = in.text();
  it.unit = in.text();
  it.help = in.text();
  it.label = in.text();
  it.values.resize(in.count(kValuesMax));
  for (std::string& value : it.values) value = in.text();
  it.bounds.resize(in.count(kBoundsMax));
  for (std::uint64_t& bound : it.bounds) bound = in.number<std::uint64_t>();
  return it;
}

constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1U) != 0 ? 0xEDB88320U ^ value >> 1U : value >> 1U;
    table[i] = value;
  }
  return table;
}();

}  // namespace

std::vector<std::byte> encode_schema(std::span<const MetricSpec> metrics) {
  Encoder out;
  for (const MetricSpec& metric : metrics) {
    out.number(static_cast<std::uint8_t>(metric.kind));
    out.number(std::uint8_t{0});
    out.number(static_cast<std::uint16_t>(word_count(metric)));
    out.number(std::uint32_t{0});
    out.number(metric.bin);
    out.number(metric.scale);
    for (const std::string_view text : {metric.name, metric.unit, metric.help, metric.label}) {
      out.text(text);
    }
    out.number(static_cast<std::uint16_t>(metric.values.size()));
    for (const std::string_view value : metric.values) out.text(value);
    out.number(static_cast<std::uint16_t>(metric.bounds.size()));
    for (const std::uint64_t bound : metric.bounds) out.number(bound);
  }
  return out.take();
}

std::optional<std::vector<Description>> decode_schema(std::span<const std::byte> bytes,
                                                      std::size_t word_count) {
  Decoder in(bytes);
  std::vector<Description> metrics;
  std::set<std::string> names;
  std::size_t words = 0;
  while (!in.at_end()) {
    Description it = decode_one(in);
    it.first_word = words;
    words += it.words;
    if (!in.ok() || !is_sound(it) || metrics.size() == kMetricsMax || words > word_count ||
        !names.insert(it.name).second) {
      return std::nullopt;
    }
    metrics.push_back(std::move(it));
  }
  if (metrics.empty() || words != word_count) return std::nullopt;
  return metrics;
}

std::uint32_t crc32(std::span<const std::byte> bytes) noexcept {
  std::uint32_t value = ~0U;
  for (const std::byte byte : bytes) {
    value = kCrcTable[(value ^ static_cast<std::uint32_t>(byte)) & 0xFFU] ^ value >> 8U;
  }
  return ~value;
}

}  // namespace conflux::region
