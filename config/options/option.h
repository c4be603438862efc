// What an option is. The table in option_table.h is the only place that lists them; the parser, the
// defaults, the JSON Schema and the documentation are all made from it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "config/settings.h"

namespace conflux::config {

// PATH_MAX without the closing NUL.
inline constexpr std::size_t kMaxPathBytes = 4095;
inline constexpr std::size_t kMaxPins = 16;

// Where a value lives. Plain function pointers, so that the table is a constant.
template <class T>
using Place = T& (*)(Settings&);

struct BoolType {
  Place<bool> place;
};
struct IntegerType {
  Place<std::uint32_t> place;
  std::uint32_t least;
  std::uint32_t most;
};
struct SizeType {
  Place<std::uint64_t> place;
  std::uint64_t least;
  std::uint64_t most;
};
struct DurationType {
  Place<std::chrono::milliseconds> place;
  std::chrono::milliseconds least;
  std::chrono::milliseconds most;
};
struct StringType {
  Place<std::string> place;
  std::uint32_t longest;  // in characters
};
// a-z, 0-9 and '-', beginning with a letter: fit for the name of a file and the value of a label.
struct NameType {
  Place<std::string> place;
  static constexpr std::size_t kLongest = 32;
};
// An absolute path of a file.
struct PathType {
  Place<std::string> place;
};
// A place to listen at or to connect to; see endpoint.h.
struct EndpointType {
  Place<std::string> place;
  std::uint8_t forms;  // EndpointForm
};
struct PinsType {
  Place<std::vector<Sha256>> place;
};

struct EnumValue {
  std::string_view name;
  std::uint8_t value;      // of the C++ enumeration
  std::string_view help;   // one line
  std::string_view alias;  // what others call it; only ever suggested, never accepted
};
struct EnumType {
  std::span<const EnumValue> values;
  std::uint8_t (*get)(const Settings&);
  void (*set)(Settings&, std::uint8_t);
};

using OptionType = std::variant<BoolType, IntegerType, SizeType, DurationType, StringType, NameType,
                                PathType, EndpointType, PinsType, EnumType>;

struct Deprecation {
  std::string_view use;         // what to write instead
  std::string_view removed_in;  // version; empty: the option is not deprecated
};

struct Option {
  std::string_view key;  // dotted path, "conflux.legs.count"
  OptionType type;
  std::string_view stock_default;  // as written in YAML; empty: unset
  std::string_view lab_default{};  // where it differs; empty: as stock
  std::string_view example{};      // shown where there is no default
  std::string_view since;          // product version
  bool restart_required = false;   // reload refuses a change
  std::string_view help;           // one line
  std::string_view explanation;    // paragraphs, one string each line group, separated by "\n\n"
  Deprecation deprecation{};
};

// A mapping that groups options.
struct Section {
  std::string_view key;
  std::string_view help;
  std::string_view explanation;
};

// A set of options that belong together; the product has one, tests make others.
struct Catalogue {
  std::span<const Section> sections;
  std::span<const Option> options;

  const Option* find_option(std::string_view key) const;
  const Section* find_section(std::string_view key) const;
};

// "count" of "conflux.legs.count".
std::string_view leaf(std::string_view key);
// "conflux.legs" of "conflux.legs.count"; empty for a top-level key.
std::string_view parent(std::string_view key);
// How many dots.
std::size_t level(std::string_view key);

// What is to be restarted if a key that needs it changes: "host" or "sidecar".
std::string_view process_of(std::string_view key);

std::string_view default_text(const Option& option, Profile profile);

}  // namespace conflux::config
