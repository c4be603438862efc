#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/options/endpoint.h"
#include "config/options/suggest.h"
#include "config/options/units.h"
#include "config/options/values.h"
#include "config/yaml/utf8.h"

namespace conflux::config {
namespace {

bool has_control_characters(std::string_view text) {
  while (!text.empty()) {
    const utf8::Character next = utf8::decode(text);
    if (!next.valid || !utf8::is_printable(next.code_point)) {
      return true;
    }
    text.remove_prefix(next.length);
  }
  return false;
}

std::string_view suggest_bool(std::string_view text) {
  constexpr auto kTrue = std::to_array<std::string_view>({"yes", "on", "true", "y", "1"});
  constexpr auto kFalse = std::to_array<std::string_view>({"no", "off", "false", "n", "0"});
  const auto same = [&](std::string_view word) {
    return word.size() == text.size() && edit_distance(word, text) == 0;
  };
  if (std::any_of(kTrue.begin(), kTrue.end(), same)) {
    return "true";
  }
  return std::any_of(kFalse.begin(), kFalse.end(), same) ? "false" : "";
}

std::string_view suggest_name(std::span<const EnumValue> values, std::string_view text) {
  std::vector<std::string_view> names;
  for (const EnumValue& value : values) {
    if (!value.alias.empty() && edit_distance(text, value.alias) == 0) {
      return value.name;
    }
    names.push_back(value.name);
  }
  return nearest(text, names);
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "no value";
    case Node::Kind::kScalar:
      return in_quotes(node.value);
    case Node::Kind::kMap:
      return "a mapping";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kRefused:
      break;
  }
  return "a refused value";
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_of_a_name(char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '-'; }

// What other readers of the same file would make a truth value or nothing of.
bool is_word_of_yaml(std::string_view word) {
  return word == "true" || word == "false" || word == "null";
}

class Reader {
 public:
  Reader(const Option& option, const Node& node, Settings& settings, Report& report)
      : option_(option), node_(node), settings_(settings), report_(report) {}

  bool operator()(const BoolType& type) {
    if (!is_scalar()) {
      return false;
    }
    if (!node_.plain || (node_.value != "true" && node_.value != "false")) {
      return refuse(node_.plain ? "" : "in quotes", std::string(suggest_bool(node_.value)));
    }
    type.place(settings_) = node_.value == "true";
    return true;
  }

  bool operator()(const IntegerType& type) {
    if (!is_scalar()) {
      return false;
    }
    const Reading<std::uint64_t> reading = read_integer(node_.value);
    if (!node_.plain) {
      return refuse("in quotes", reading.value ? node_.value : "");
    }
    if (!reading.value || *reading.value < type.least || *reading.value > type.most) {
      return refuse(reading.problem, reading.suggestion);
    }
    type.place(settings_) = static_cast<std::uint32_t>(*reading.value);
    return true;
  }

  bool operator()(const SizeType& type) { return quantity(type, read_size); }
  bool operator()(const DurationType& type) { return quantity(type, read_duration); }

  bool operator()(const StringType& type) {
    if (!is_scalar()) {
      return false;
    }
    if (utf8::count(node_.value) > type.longest) {
      return refuse("too long", "");
    }
    if (has_control_characters(node_.value)) {
      return refuse("control characters", "");
    }
    type.place(settings_) = node_.value;
    return true;
  }

  bool operator()(const NameType& type) {
    if (!is_scalar()) {
      return false;
    }
    const std::string& name = node_.value;
    if (node_.plain && is_word_of_yaml(name)) {
      return refuse("YAML takes it for something else", "");
    }
    const bool fits = !name.empty() && name.size() <= type.kLongest && is_lower(name.front()) &&
                      std::ranges::all_of(name, is_of_a_name);
    if (!fits) {
      return refuse("", "");
    }
    type.place(settings_) = name;
    return true;
  }

  bool operator()(const PathType& type) {
    if (!is_scalar()) {
      return false;
    }
    const std::string& path = node_.value;
    if (path.empty()) {
      return refuse("empty; remove the key to leave it unset", "");
    }
    if (!path.starts_with('/')) {
      return refuse(path.starts_with('~') ? "~ is not expanded" : "a relative path", "");
    }
    if (path.ends_with('/')) {
      return refuse("a directory", "");
    }
    if (path.size() > kMaxPathBytes) {
      return refuse("longer than " + std::to_string(kMaxPathBytes) + " bytes", "");
    }
    if (has_control_characters(path)) {
      return refuse("control characters", "");
    }
    type.place(settings_) = path;
    return true;
  }

  bool operator()(const EndpointType& type) {
    if (!is_scalar()) {
      return false;
    }
    if (!is_endpoint(node_.value, type.forms)) {
      return refuse("", "");
    }
    type.place(settings_) = node_.value;
    return true;
  }

  bool operator()(const PinsType& type) {
    if (node_.kind != Node::Kind::kList) {
      return wrong_kind();
    }
    if (node_.children.size() > kMaxPins) {
      return add(node_.at, std::to_string(node_.children.size()) + " digests", "");
    }
    std::vector<Sha256> pins;
    bool good = true;
    for (const Node& child : node_.children) {
      good = pin(child, pins) && good;
    }
    if (good) {
      type.place(settings_) = std::move(pins);
    }
    return good;
  }

  bool operator()(const EnumType& type) {
    if (!is_scalar()) {
      return false;
    }
    for (const EnumValue& value : type.values) {
      if (value.name == node_.value) {
        type.set(settings_, value.value);
        return true;
      }
    }
    return refuse("", std::string(suggest_name(type.values, node_.value)));
  }

 private:
  bool is_scalar() { return node_.kind == Node::Kind::kScalar || wrong_kind(); }

  template <class Type, class Read>
  bool quantity(const Type& type, Read read) {
    if (!is_scalar()) {
      return false;
    }
    const auto reading = read(node_.value);
    if (!reading.value || *reading.value < type.least || *reading.value > type.most) {
      return refuse(reading.problem, reading.suggestion);
    }
    type.place(settings_) = *reading.value;
    return true;
  }

  bool pin(const Node& node, std::vector<Sha256>& pins) {
    if (node.kind == Node::Kind::kRefused) {
      return false;
    }
    if (node.kind != Node::Kind::kScalar) {
      return add(node.at, describe(node), "");
    }
    const Reading<Sha256> reading = read_sha256(node.value);
    if (!reading.value) {
      return add(node.at, in_quotes(node.value) + " (" + reading.problem + ")", "");
    }
    if (std::find(pins.begin(), pins.end(), *reading.value) != pins.end()) {
      report_.add({.severity = Severity::kWarning,
                   .at = node.at,
                   .key = std::string(option_.key),
                   .message = "this digest stands in the list twice"});
    }
    pins.push_back(*reading.value);
    return true;
  }

  bool wrong_kind() {
    const bool null = node_.kind == Node::Kind::kNull;
    const bool refused = node_.kind == Node::Kind::kRefused;
    return !refused &&
           add(node_.at, null ? "no value (remove the key to get the default)" : describe(node_),
               "");
  }

  bool refuse(const std::string& problem, const std::string& suggestion) {
    std::string message = in_quotes(node_.value);
    if (!problem.empty()) {
      message += " (" + problem + ")";
    }
    return add(node_.at, std::move(message), suggestion);
  }

  bool add(const Position& at, std::string message, std::string suggestion) {
    report_.add({.at = at,
                 .key = std::string(option_.key),
                 .message = std::move(message),
                 .expected = expectation(option_.type),
                 .suggestion = std::move(suggestion)});
    return false;
  }

  const Option& option_;
  const Node& node_;
  Settings& settings_;
  Report& report_;
};

}  // namespace

bool read_value(const Option& option, const Node& node, Settings& settings, Report& report) {
  return std::visit(Reader(option, node, settings, report), option.type);
}

}  // namespace conflux::config
