#include "examples/onion_proxy/directory/microdescriptor.h"

#include <fmt/format.h>

#include <algorithm>

namespace onion_proxy {
namespace {

constexpr std::string_view kFirstKeyword = "onion-key";
constexpr size_t kFamilyIdsMax = 64;

Result<ByteArray<32>> parse_key(const DirectoryItem& item, std::string_view text) {
  const auto bytes = decode_base64(text);
  const auto key = bytes ? to_array<32>(*bytes) : std::nullopt;
  if (!key) return item_error(item, "expected 32 bytes of base64");
  return *key;
}

Status take_key(const DirectoryItem& item, std::string_view text,
                std::optional<ByteArray<32>>& out) {
  if (out) return item_error(item, "stands twice");
  const auto key = parse_key(item, text);
  if (!key.ok()) return Error{key.error()};
  out = key.value();
  return {};
}

struct Parts {
  std::optional<ByteArray<32>> ntor_key;
  std::optional<ByteArray<32>> ed_id;
  ExitPorts exit_ports;
  std::vector<std::string> family_ids;
};

Status take_item(const DirectoryItem& item, Parts& parts) {
  const auto words = split_arguments(item.arguments);
  if (item.keyword == "ntor-onion-key" && !words.empty()) {
    return take_key(item, words[0], parts.ntor_key);
  }
  if (item.keyword == "id" && words.size() >= 2 && words[0] == "ed25519") {
    return take_key(item, words[1], parts.ed_id);
  }
  if (item.keyword == "p") {
    auto ports = ExitPorts::parse(item.arguments);
    if (!ports.ok()) return item_error(item, ports.error());
    parts.exit_ports = std::move(ports).value();
  }
  if (item.keyword == "family-ids") {
    const size_t count = std::min(words.size(), kFamilyIdsMax);
    parts.family_ids.assign(words.begin(), words.begin() + static_cast<ptrdiff_t>(count));
  }
  return {};
}

}  // namespace

Result<ExitPorts> ExitPorts::parse(std::string_view arguments) {
  const auto words = split_arguments(arguments);
  if (words.size() != 2 || (words[0] != "accept" && words[0] != "reject")) {
    return Error{"expected `accept PORTS` or `reject PORTS`"};
  }
  ExitPorts out;
  out.accept_ = words[0] == "accept";
  for (std::string_view list = words[1]; !list.empty();) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view range = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    const size_t dash = range.find('-');
    const auto low = parse_number(range.substr(0, dash), 65535);
    const auto high =
        dash == std::string_view::npos ? low : parse_number(range.substr(dash + 1), 65535);
    if (!low || !high || *low > *high) return Error{"ports must be such as 80,443,1024-65535"};
    out.ranges_.push_back({static_cast<uint16_t>(*low), static_cast<uint16_t>(*high)});
  }
  return out;
}

bool ExitPorts::allows(uint16_t port) const {
  const bool listed = std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
    return range.low <= port && port <= range.high;
  });
  return listed == accept_;
}

bool ExitPorts::allows_any() const {
  if (accept_) return !ranges_.empty();
  return !std::any_of(ranges_.begin(), ranges_.end(),
                      [](const Range& range) { return range.low <= 1 && range.high == 65535; });
}

Result<Microdescriptor> parse_microdescriptor(std::string_view text) {
  Parts parts;
  ItemReader reader(text);
  for (bool first = true;; first = false) {
    const auto item = reader.next();
    if (!item.ok()) return Error{"microdescriptor: " + item.error()};
    if (!item.value()) break;
    if ((item.value()->keyword == kFirstKeyword) != first) {
      return Error{"microdescriptor: must have one `onion-key`, in its first line"};
    }
    const Status taken = take_item(*item.value(), parts);
    if (!taken.ok()) return Error{"microdescriptor: " + taken.error()};
  }
  if (!parts.ntor_key) return Error{"microdescriptor: `ntor-onion-key` is missing"};
  if (!parts.ed_id) return Error{"microdescriptor: `id ed25519` is missing"};
  return Microdescriptor{sha256(as_bytes(text)), *parts.ntor_key, *parts.ed_id,
                         std::move(parts.exit_ports), std::move(parts.family_ids)};
}

MicrodescriptorSet parse_microdescriptors(std::string_view text,
                                          const std::vector<Sha256Digest>& wanted) {
  MicrodescriptorSet out;
  std::vector<Sha256Digest> sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  while (!text.empty()) {
    const size_t next = text.find("\nonion-key\n");
    const size_t length = next == std::string_view::npos ? text.size() : next + 1;
    const std::string_view one = text.substr(0, length);
    text.remove_prefix(length);
    const Sha256Digest digest = sha256(as_bytes(one));
    if (!std::binary_search(sorted.begin(), sorted.end(), digest)) {
      out.refused.push_back("microdescriptor: its digest is not one that was asked for");
      // A reply without a single wanted part must not make us hash and list without end.
      if (out.refused.size() > wanted.size()) break;
      continue;
    }
    auto parsed = parse_microdescriptor(one);
    if (!parsed.ok()) {
      out.refused.push_back(parsed.error());
    } else {
      out.by_digest.emplace(digest, std::move(parsed).value());
    }
  }
  return out;
}

}  // namespace onion_proxy
