#include "config/options/values.h"

#include "config/options/endpoint.h"
#include "config/options/units.h"

namespace conflux::config {
namespace {

// A place only computes an address.
template <class T>
const T& value_at(Place<T> place, const Settings& settings) {
  return place(const_cast<Settings&>(settings));
}

std::string range(std::string_view what, const std::string& least, const std::string& most) {
  return std::string(what) + " from " + least + " to " + most;
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
         " in one unit of B, KiB, MiB, GiB";
}
std::string expect(const DurationType& type) {
  return range("a duration", write_duration(type.least), write_duration(type.most)) +
         " in units of d, h, m, s, ms";
}
std::string expect(const StringType& type) {
  return "text of at most " + std::to_string(type.longest) + " characters on one line";
}
std::string expect(const NameType& type) {
  return "a name of at most " + std::to_string(type.kLongest) +
         " of a-z, 0-9 and - that begins with a letter";
}
std::string expect(const PathType&) { return "the absolute path of a file"; }
std::string expect(const EndpointType& type) { return endpoint_expectation(type.forms); }
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
  std::string operator()(const NameType& type) const { return value_at(type.place, settings); }
  std::string operator()(const PathType& type) const { return value_at(type.place, settings); }
  std::string operator()(const EndpointType& type) const { return value_at(type.place, settings); }
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
