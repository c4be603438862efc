#include "examples/scheduler_lab/scenario/fields.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "config/options/suggest.h"
#include "config/options/units.h"

namespace scheduler_lab {

using conflux::config::Node;

namespace {

constexpr std::string_view kOwnPrefix = "x-";

std::string list_of(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

std::string milliseconds(std::uint64_t us) {
  return conflux::config::write_duration(
      std::chrono::milliseconds(static_cast<std::int64_t>(us / kMillisecond)));
}

}  // namespace

Fields::Fields(const Node& node, std::string path, conflux::config::Report& report)
    : node_(node), path_(std::move(path)), report_(report) {
  if (node_.kind == Node::Kind::kMap || node_.kind == Node::Kind::kRefused) return;
  report_.add(
      {.at = node_.at, .key = path_, .message = "not a mapping", .expected = "`key: value` pairs"});
}

std::string Fields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const Node* Fields::find(std::string_view key) const {
  if (node_.kind != Node::Kind::kMap) return nullptr;
  const auto found = std::ranges::find(node_.children, key, &Node::key);
  return found == node_.children.end() ? nullptr : &*found;
}

const Node* Fields::take(std::string_view key) {
  known_.push_back(key);
  const Node* found = find(key);
  return found == nullptr || found->kind == Node::Kind::kRefused ? nullptr : found;
}

const Node* Fields::take_scalar(std::string_view key, std::string_view expected) {
  const Node* found = take(key);
  if (found == nullptr || found->kind == Node::Kind::kScalar) return found;
  report_.add({.at = found->at,
               .key = path_of(key),
               .message = "no single value",
               .expected = std::string(expected)});
  return nullptr;
}

std::optional<std::uint64_t> Fields::integer(std::string_view key, Range range) {
  const std::string expected =
      "a whole number from " + std::to_string(range.least) + " to " + std::to_string(range.most);
  const Node* found = take_scalar(key, expected);
  if (found == nullptr) return std::nullopt;
  const auto reading = conflux::config::read_integer(found->value);
  if (reading.value && *reading.value >= range.least && *reading.value <= range.most) {
    return reading.value;
  }
  report_.add({.at = found->at,
               .key = path_of(key),
               .message = conflux::config::in_quotes(found->value),
               .expected = expected,
               .suggestion = reading.suggestion});
  return std::nullopt;
}

std::optional<std::uint64_t> Fields::size(std::string_view key, Range range) {
  const std::string expected = "a size such as 500KiB, from " +
                               conflux::config::write_size(range.least) + " to " +
                               conflux::config::write_size(range.most);
  const Node* found = take_scalar(key, expected);
  if (found == nullptr) return std::nullopt;
  const auto reading = conflux::config::read_size(found->value);
  if (reading.value && *reading.value >= range.least && *reading.value <= range.most) {
    return reading.value;
  }
  report_.add({.at = found->at,
               .key = path_of(key),
               .message = conflux::config::in_quotes(found->value),
               .expected = expected,
               .suggestion = reading.suggestion});
  return std::nullopt;
}

std::optional<Time> Fields::duration(std::string_view key, Range range) {
  const std::string expected = "a duration such as 30s or 50ms, from " + milliseconds(range.least) +
                               " to " + milliseconds(range.most);
  const Node* found = take_scalar(key, expected);
  if (found == nullptr) return std::nullopt;
  const auto reading = conflux::config::read_duration(found->value);
  if (reading.value) {
    const Time us = static_cast<Time>(reading.value->count()) * kMillisecond;
    if (us >= range.least && us <= range.most) return us;
  }
  report_.add({.at = found->at,
               .key = path_of(key),
               .message = conflux::config::in_quotes(found->value),
               .expected = expected,
               .suggestion = reading.suggestion});
  return std::nullopt;
}

std::optional<std::string> Fields::text(std::string_view key) {
  const Node* found = take_scalar(key, "a text");
  return found == nullptr ? std::nullopt : std::optional(found->value);
}

std::optional<std::size_t> Fields::choice(std::string_view key,
                                          std::span<const std::string_view> names) {
  const std::string expected = "one of " + list_of(names);
  const Node* found = take_scalar(key, expected);
  if (found == nullptr) return std::nullopt;
  const auto at = std::ranges::find(names, found->value);
  if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
  report_.add({.at = found->at,
               .key = path_of(key),
               .message = conflux::config::in_quotes(found->value),
               .expected = expected,
               .suggestion = std::string(conflux::config::nearest(found->value, names))});
  return std::nullopt;
}

const Node* Fields::node(std::string_view key) { return take(key); }

std::span<const Node> Fields::list(std::string_view key) {
  const Node* found = take(key);
  if (found == nullptr) return {};
  if (found->kind == Node::Kind::kList) return found->children;
  report_.add({.at = found->at,
               .key = path_of(key),
               .message = "not a list",
               .expected = "items that begin with `-`"});
  return {};
}

void Fields::require(std::string_view key, std::string_view expected) {
  if (has(key) || node_.kind != Node::Kind::kMap) return;
  report_.add({.at = node_.at,
               .key = path_of(key),
               .message = "missing",
               .expected = std::string(expected)});
}

void Fields::refuse(std::string_view key, std::string message, std::string expected) {
  const Node* found = find(key);
  report_.add({.at = found == nullptr ? node_.at : found->at,
               .key = path_of(key),
               .message = std::move(message),
               .expected = std::move(expected)});
}

void Fields::finish() {
  if (node_.kind != Node::Kind::kMap) return;
  for (const Node& child : node_.children) {
    if (child.key.starts_with(kOwnPrefix)) continue;
    if (std::ranges::find(known_, child.key) != known_.end()) continue;
    report_.add({.at = child.key_at,
                 .key = path_of(conflux::config::printable(child.key)),
                 .message = "unknown key",
                 .expected = "one of " + list_of(known_),
                 .suggestion = std::string(conflux::config::nearest(child.key, known_))});
  }
}

}  // namespace scheduler_lab
