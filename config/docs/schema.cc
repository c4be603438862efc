#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "config/docs/docs.h"
#include "config/docs/json_writer.h"
#include "config/options/endpoint.h"
#include "config/options/option_table.h"
#include "config/options/units.h"

namespace conflux::config {
namespace {

constexpr std::string_view kNumber = "(0|[1-9][0-9]*)";
constexpr auto kObjectOrNull = std::to_array<std::string_view>({"object", "null"});

std::string size_pattern(bool zero) {
  const std::string units = "(B|KiB|MiB|GiB)";
  return zero ? "^(0|" + std::string(kNumber) + units + ")$" : "^[1-9][0-9]*" + units + "$";
}

std::string duration_pattern() {
  std::string out = "^(?=.)";
  for (const std::string_view unit : {"d", "h", "m", "s", "ms"}) {
    out += "(" + std::string(kNumber) + std::string(unit) + ")?";
  }
  return out + "$";
}

// "0" may also be written as a number.
void write_quantity(JsonWriter& json, const std::string& pattern, bool zero) {
  if (!zero) {
    json.string("type", "string");
    json.string("pattern", pattern);
    return;
  }
  json.begin_array("anyOf");
  json.begin_object();
  json.string("type", "string");
  json.string("pattern", pattern);
  json.end_object();
  json.begin_object();
  json.string("type", "integer");
  json.integer("const", 0);
  json.end_object();
  json.end_array();
}

struct TypeWriter {
  JsonWriter& json;

  void operator()(const BoolType&) const { json.string("type", "boolean"); }
  void operator()(const IntegerType& type) const {
    json.string("type", "integer");
    json.integer("minimum", type.least);
    json.integer("maximum", type.most);
  }
  void operator()(const SizeType& type) const {
    write_quantity(json, size_pattern(type.least == 0), type.least == 0);
  }
  void operator()(const DurationType& type) const {
    const bool zero = type.least.count() == 0;
    write_quantity(json, zero ? "^0$|" + duration_pattern() : duration_pattern(), zero);
  }
  void operator()(const StringType& type) const {
    json.string("type", "string");
    json.integer("maxLength", type.longest);
  }
  void operator()(const NameType& type) const {
    json.string("type", "string");
    json.string("pattern", "^[a-z][a-z0-9-]{0," + std::to_string(type.kLongest - 1) + "}$");
  }
  void operator()(const PathType&) const {
    json.string("type", "string");
    json.string("pattern", "^/.*[^/]$");
    json.integer("maxLength", kMaxPathBytes);
  }
  void operator()(const EndpointType& type) const {
    json.string("type", "string");
    json.string("pattern", endpoint_pattern(type.forms));
  }
  void operator()(const PinsType&) const {
    json.string("type", "array");
    json.integer("maxItems", kMaxPins);
    json.begin_object("items");
    json.string("type", "string");
    json.string("pattern", "^[0-9a-fA-F]{64}$");
    json.end_object();
  }
  void operator()(const EnumType& type) const {
    std::vector<std::string_view> names;
    for (const EnumValue& value : type.values) {
      names.push_back(value.name);
    }
    json.string("type", "string");
    json.strings("enum", names);
  }
};

void write_default(JsonWriter& json, const Option& option) {
  const std::string_view text = option.stock_default;
  if (text.empty()) {
    const std::string_view examples[] = {option.example};
    json.strings("examples", examples);
  } else if (std::holds_alternative<PinsType>(option.type)) {
    json.begin_array("default");
    json.end_array();
  } else if (std::holds_alternative<IntegerType>(option.type)) {
    json.integer("default", *read_integer(text).value);
  } else if (std::holds_alternative<BoolType>(option.type)) {
    json.boolean("default", text == "true");
  } else {
    json.string("default", text);
  }
}

void write_option(JsonWriter& json, const Option& option) {
  json.begin_object(leaf(option.key));
  json.string("description", option.help);
  json.string("markdownDescription",
              std::string(option.help) + "\n\n" + std::string(option.explanation));
  std::visit(TypeWriter{json}, option.type);
  write_default(json, option);
  if (!option.deprecation.removed_in.empty()) {
    json.boolean("deprecated", true);
  }
  json.boolean("x-restart-required", option.restart_required);
  json.string("x-since", option.since);
  json.end_object();
}

void write_members(JsonWriter& json, std::string_view section);

void write_section(JsonWriter& json, const Section& section) {
  json.begin_object(leaf(section.key));
  json.string("description", section.help);
  json.strings("type", kObjectOrNull);
  write_members(json, section.key);
  json.end_object();
}

void write_members(JsonWriter& json, std::string_view section) {
  json.begin_object("properties");
  for (const Option& option : catalogue().options) {
    if (parent(option.key) == section) {
      write_option(json, option);
    }
  }
  for (const Section& inner : catalogue().sections) {
    if (parent(inner.key) == section) {
      write_section(json, inner);
    }
  }
  json.end_object();
  json.begin_object("patternProperties");
  json.begin_object("^x-");
  json.end_object();
  json.end_object();
  json.boolean("additionalProperties", false);
}

// {"properties": {"conflux": {"properties": ... }}}, down to the key; the caller ends what is open.
std::size_t open_path(JsonWriter& json, std::string_view key) {
  std::size_t opened = 0;
  while (!key.empty()) {
    const std::size_t dot = std::min(key.find('.'), key.size());
    json.begin_object("properties");
    json.begin_object(key.substr(0, dot));
    opened += 2;
    key.remove_prefix(std::min(dot + 1, key.size()));
  }
  return opened;
}

void close(JsonWriter& json, std::size_t opened) {
  for (; opened > 0; --opened) {
    json.end_object();
  }
}

// "if the file does not choose one of `profiles`, then": leaves "then" open.
void begin_unless_profile(JsonWriter& json, std::span<const std::string_view> profiles) {
  constexpr auto kConflux = std::to_array<std::string_view>({"conflux"});
  constexpr auto kProfile = std::to_array<std::string_view>({"profile"});
  json.begin_object();
  json.begin_object("if");
  json.begin_object("properties");
  json.begin_object("conflux");
  json.begin_object("properties");
  json.begin_object("profile");
  json.strings("enum", profiles);
  close(json, 2);
  json.strings("required", kProfile);
  close(json, 2);
  json.strings("required", kConflux);
  json.end_object();
  json.begin_object("else");
}

void write_profile_rules(JsonWriter& json) {
  constexpr auto kFree = std::to_array<std::string_view>({"lab"});
  constexpr auto kUnlikeStock = std::to_array<std::string_view>({"fast", "lab"});
  constexpr auto kFarOfStock = std::to_array<std::string_view>({"auto", "at_once"});
  json.begin_array("allOf");
  begin_unless_profile(json, kFree);
  std::size_t opened = open_path(json, "conflux.legs.count");
  json.integer("maximum", 2);
  close(json, opened + 2);
  begin_unless_profile(json, kFree);
  opened = open_path(json, "conflux.metrics.unsafe_fine_grained");
  json.boolean("const", false);
  close(json, opened + 2);
  for (const std::string_view key : {"sidecar.grpc.listen", "sidecar.otlp.endpoint"}) {
    begin_unless_profile(json, kFree);
    opened = open_path(json, key);
    json.begin_object("not");
    close(json, opened + 3);
  }
  begin_unless_profile(json, kFree);
  opened = open_path(json, "sidecar.prometheus.listen");
  json.string("pattern", "^unix:");
  close(json, opened + 2);
  begin_unless_profile(json, kUnlikeStock);
  opened = open_path(json, "conflux.scheduler");
  json.string("const", "auto");
  close(json, opened + 2);
  begin_unless_profile(json, kUnlikeStock);
  opened = open_path(json, "conflux.legs.far");
  json.strings("enum", kFarOfStock);
  close(json, opened + 2);
  json.end_array();
}

}  // namespace

std::string json_schema() {
  constexpr auto kRequired = std::to_array<std::string_view>({"version"});
  JsonWriter json;
  json.begin_object();
  json.string("$schema", "http://json-schema.org/draft-07/schema#");
  json.string("title", "Configuration of the Conflux multipath plugin");
  json.string("type", "object");
  json.strings("required", kRequired);
  write_members(json, {});
  write_profile_rules(json);
  json.end_object();
  return json.take();
}

}  // namespace conflux::config
