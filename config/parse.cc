#include "config/parse.h"

#include <exception>
#include <new>
#include <utility>

#include "config/options/option_table.h"
#include "config/options/validate.h"
#include "config/options/values.h"
#include "config/yaml/source.h"
#include "config/yaml/tree.h"

namespace conflux::config {
namespace {

std::optional<Validated> check(std::string_view text, Report& report) {
  const Source source(text);
  if (!check_text(source, report)) {
    return std::nullopt;
  }
  const std::optional<Node> root = build_tree(source, report);
  if (!root) {
    return std::nullopt;
  }
  Validated validated = validate(*root, catalogue(), report);
  derive_defaults(validated);
  check_cross_rules(validated, report);
  return validated;
}

// Existing processes hold what these keys made at start-up; to accept a change and not act on it
// would let the file and the process disagree in silence.
void check_restart_required(const Settings& current, const Validated& next, Process process,
                            Report& report) {
  const std::string_view name = process == Process::kSidecar ? "sidecar" : "host";
  for (const Option& option : catalogue().options) {
    const std::string before = value_text(option, current);
    const std::string after = value_text(option, next.settings);
    if (!option.restart_required || process_of(option.key) != name || before == after) {
      continue;
    }
    const Origin* origin = next.find(option.key);
    report.add({.at = origin != nullptr ? origin->at : kWholeText,
                .key = std::string(option.key),
                .message = "changing " + in_quotes(before) + " to " + in_quotes(after) +
                           " needs a restart; nothing of this file was taken over",
                .expected = in_quotes(before) + " until the " + std::string(name) + " restarts"});
  }
}

ParseResult finish(std::optional<Validated> validated, Report& report) {
  ParseResult result;
  if (validated && !report.has_errors()) {
    for (const Origin& origin : validated->origins) result.keys.push_back(origin.option->key);
    result.settings = std::move(validated->settings);
  }
  result.omitted = report.omitted();
  result.diagnostics = report.take_sorted();
  return result;
}

ParseResult run(std::string_view text, std::string_view name, const Settings* current,
                Process process) {
  Report report;
  std::optional<Validated> validated = check(text, report);
  if (validated && current != nullptr && !report.has_errors()) {
    check_restart_required(*current, *validated, process, report);
  }
  ParseResult result = finish(std::move(validated), report);
  result.name = name;
  return result;
}

ParseResult failure(const char* what) noexcept {
  ParseResult result;
  try {
    result.diagnostics.push_back({.message = std::string("internal error: ") + what});
  } catch (...) {
    result.out_of_memory = true;
  }
  return result;
}

ParseResult run_guarded(std::string_view text, std::string_view name, const Settings* current,
                        Process process) noexcept {
  try {
    return run(text, name, current, process);
  } catch (const std::bad_alloc&) {
    ParseResult result;
    result.out_of_memory = true;
    return result;
  } catch (const std::exception& error) {
    return failure(error.what());
  } catch (...) {
    return failure("unknown exception");
  }
}

}  // namespace

ParseResult parse(std::string_view text, std::string_view name) noexcept {
  return run_guarded(text, name, nullptr, Process::kHost);
}

ParseResult reload(const Settings& current, std::string_view text, std::string_view name,
                   Process process) noexcept {
  return run_guarded(text, name, &current, process);
}

Settings default_settings(Profile profile) {
  Settings settings;
  for (const Option& option : catalogue().options) {
    apply_default(option, profile, settings);
  }
  settings.conflux.profile = profile;
  return settings;
}

std::string to_string(const ParseResult& result) {
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    out += to_string(diagnostic, result.name) + "\n";
  }
  if (result.omitted > 0) {
    out += result.name + ": " + std::to_string(result.omitted) + " more not shown\n";
  }
  if (result.out_of_memory) {
    out += result.name + ": out of memory\n";
  }
  return out;
}

}  // namespace conflux::config
