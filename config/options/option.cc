#include "config/options/option.h"

#include <algorithm>

namespace conflux::config {

const Option* Catalogue::find_option(std::string_view key) const {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const Option& option) { return option.key == key; });
  return found == options.end() ? nullptr : &*found;
}

const Section* Catalogue::find_section(std::string_view key) const {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [&](const Section& section) { return section.key == key; });
  return found == sections.end() ? nullptr : &*found;
}

std::string_view leaf(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

std::string_view parent(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

std::size_t level(std::string_view key) {
  return static_cast<std::size_t>(std::count(key.begin(), key.end(), '.'));
}

std::string_view process_of(std::string_view key) {
  return key.starts_with("sidecar.") ? "sidecar" : "host";
}

std::string_view default_text(const Option& option, Profile profile) {
  const bool differs = profile == Profile::kLab && !option.lab_default.empty();
  return differs ? option.lab_default : option.stock_default;
}

}  // namespace conflux::config
