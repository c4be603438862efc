#include "config/options/values.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/options/suggest.h"
#include "config/options/units.h"
#include "config/yaml/utf8.h"

namespace conflux::config {
namespace {

// PATH_MAX without the closing NUL.
constexpr std::size_t kMaxPathBytes = 4095;
constexpr std::size_t kMaxPins = 16;

// A place only computes an address.
template <class T>
const T& value_at(Place<T> place, const Settings& settings) {
  return place(const_cast<Settings&>(settings));
}

std::string range(std::string_view what, const std::string& least, const std::string& most) {
  return std::string(what) + " from " + least + " to " + most;
}

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

std::string expect(const BoolType&) { return "true or false"; }
std::string expect(const IntegerType& type) {
  if (type.least == type.most) {
    return std::to_string(type.least);
  }
  return range("an integer", std::to_string(type.least), std::to_string(type.most));
}
std::string expect(const SizeType& type) {
  return range("a size", write_size(type.least), write_size(type.most)) +
         " with a unit (B, KiB, MiB, GiB)";
}
std::string expect(const DurationType& type) {
  return range("a duration", write_duration(type.least), write_duration(type.most)) +
         " with a unit (ms, s, m, h, d)";
}
std::string expect(const StringType& type) {
  return "text of at most " + std::to_string(type.longest) + " characters on one line";
}
std::string expect(const PathType&) { return "the absolute path of a file"; }
std::string expect(const PinsType&) {
  return "a list of at most " + std::to_string(kMaxPins) +
         " SHA-256 digests of 64 hexadecimal digits";
}
std::string expect(const EnumType& type) {
  std::string out = "one of ";
  for (const EnumValue& value : type.values) {
    out += (&value == type.values.data() ? "" : ", ") + std::string(value.name);
  }
  return out;
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

  bool operator()(const PathType& type) {
    if (!is_scalar()) {
      return false;
    }
    const std::string& path = node_.value;
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
    const Reading<Sha256> reading = read_sha256(node.value);
    if (node.kind != Node::Kind::kScalar || !reading.value) {
      return add(node.at, quoted(node.value) + " (" + reading.problem + ")", "");
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
    switch (node_.kind) {
      case Node::Kind::kNull:
        return add(node_.at, "no value (remove the key to get the default)", "");
      case Node::Kind::kScalar:
        return add(node_.at, quoted(node_.value), "");
      case Node::Kind::kMap:
        return add(node_.at, "a mapping", "");
      case Node::Kind::kList:
        return add(node_.at, "a list", "");
      case Node::Kind::kRefused:
        return false;
    }
    return false;
  }

  bool refuse(const std::string& problem, const std::string& suggestion) {
    std::string message = quoted(node_.value);
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

struct Writer {
  const Settings& settings;

  std::string operator()(const BoolType& type) const {
    return value_at(type.place, settings) ? "true" : "false";
  }
  std::string operator()(const IntegerType& type) const {
    return std::to_string(value_at(type.place, settings));
  }
  std::string operator()(const SizeType& type) const {
    return write_size(value_at(type.place, settings));
  }
  std::string operator()(const DurationType& type) const {
    return write_duration(value_at(type.place, settings));
  }
  std::string operator()(const StringType& type) const { return value_at(type.place, settings); }
  std::string operator()(const PathType& type) const { return value_at(type.place, settings); }
  std::string operator()(const PinsType& type) const {
    std::string out = "[";
    for (const Sha256& pin : value_at(type.place, settings)) {
      out += (out.size() > 1 ? ", " : "") + write_sha256(pin);
    }
    return out + "]";
  }
  std::string operator()(const EnumType& type) const {
    const std::uint8_t number = type.get(settings);
    for (const EnumValue& value : type.values) {
      if (value.value == number) {
        return std::string(value.name);
      }
    }
    return {};
  }
};

}  // namespace

bool read_value(const Option& option, const Node& node, Settings& settings, Report& report) {
  return std::visit(Reader(option, node, settings, report), option.type);
}

std::string expectation(const OptionType& type) {
  return std::visit([](const auto& kind) { return expect(kind); }, type);
}

std::string value_text(const Option& option, const Settings& settings) {
  return std::visit(Writer{settings}, option.type);
}

void apply_default(const Option& option, Profile profile, Settings& settings) {
  const std::string_view text = default_text(option, profile);
  if (text.empty()) {
    return;
  }
  Node node{.kind = Node::Kind::kScalar, .value = std::string(text)};
  if (text == "[]") {
    node.kind = Node::Kind::kList;
  }
  Report unused;
  read_value(option, node, settings, unused);
}

}  // namespace conflux::config
