#include "test/config/oracle.h"

#include <algorithm>

#include "config/options/option_table.h"
#include "config/parse.h"
#include "config/yaml/utf8.h"

namespace conflux::config::test {
namespace {

bool is_one_printable_line(std::string_view line) {
  while (!line.empty()) {
    const utf8::Character next = utf8::decode(line);
    if (!next.valid || !utf8::is_printable(next.code_point)) {
      return false;
    }
    line.remove_prefix(next.length);
  }
  return true;
}

std::string check_diagnostic(const Diagnostic& diagnostic, std::string_view text) {
  const auto lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  if (diagnostic.at.line == 0 || diagnostic.at.line > lines || diagnostic.at.column == 0) {
    return "a position outside the text: " + to_string(diagnostic, "t");
  }
  if (diagnostic.message.empty() || !is_one_printable_line(to_string(diagnostic, "t"))) {
    return "a diagnostic that is not one printable line";
  }
  const std::string shown = excerpt(text, diagnostic.at);
  return shown.size() > 1200 ? "an excerpt of " + std::to_string(shown.size()) + " bytes" : "";
}

std::string check_settings(const Settings& settings, std::string_view text) {
  const ReorderSettings& reorder = settings.conflux.reorder;
  const LegSettings& legs = settings.conflux.legs;
  const bool ordered = reorder.low_water < reorder.high_water &&
                       reorder.high_water <= reorder.tunnel_limit &&
                       reorder.tunnel_limit <= reorder.process_limit;
  const bool legs_fit = legs.count >= 1 && legs.count <= legs.max && legs.max <= 16 &&
                        (legs.count <= 2 || settings.conflux.profile == Profile::kLab);
  const bool far_fits =
      legs.far != FarLegs::kForBulk || settings.conflux.profile != Profile::kStock;
  if (!ordered || !legs_fit || !far_fits || settings.version != 1) {
    return "settings that break a rule";
  }
  return reload(settings, text, "t").settings == settings ? ""
                                                          : "a reload of the same text differs";
}

}  // namespace

std::string broken_promise(std::string_view text) {
  const ParseResult result = parse(text, "t");
  bool error = false;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    error = error || diagnostic.severity == Severity::kError;
    if (std::string broken = check_diagnostic(diagnostic, text); !broken.empty()) {
      return broken;
    }
  }
  if (result.out_of_memory || result.diagnostics.size() > kMaxDiagnostics) {
    return "out of memory, or too many diagnostics";
  }
  if (result.ok()) {
    return error ? "settings in spite of an error" : check_settings(*result.settings, text);
  }
  return error || result.omitted > 0 ? "" : "neither settings nor an error";
}

}  // namespace conflux::config::test
