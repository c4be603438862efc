#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "config/confluxctl/command.h"
#include "config/confluxctl/config_check.h"
#include "config/docs/docs.h"
#include "config/file.h"
#include "config/parse.h"

namespace conflux::ctl {
namespace {

constexpr const char* kConfigFooter =
    "Examples:\n"
    "  confluxctl config check /etc/conflux/conflux.yaml\n"
    "  confluxctl config defaults > conflux.yaml\n"
    "  confluxctl config explain conflux.legs.count";

constexpr const char* kCheckFooter =
    "Finds every error of the file at once and says where it is, what was expected and what was\n"
    "probably meant. Reads the file only; binds and writes nothing.\n"
    "\n"
    "Exit status: 0 valid, 66 the file cannot be read, 78 errors in the file.\n"
    "\n"
    "Examples:\n"
    "  confluxctl config check /etc/conflux/conflux.yaml\n"
    "  confluxctl config check --strict conflux.yaml    (warnings are errors too)\n"
    "  confluxctl config check --format json conflux.yaml | jq .settings\n"
    "  confluxctl config defaults | confluxctl config check -\n"
    "  ExecStartPre=/usr/bin/confluxctl config check /etc/conflux/conflux.yaml";

constexpr const char* kDefaultsFooter =
    "Prints a file that changes nothing: every option, commented out, with its default.\n"
    "\n"
    "Examples:\n"
    "  confluxctl config defaults > conflux.yaml\n"
    "  confluxctl config defaults --profile lab";

constexpr const char* kSchemaFooter =
    "Draft 07, for editors and for checks where confluxctl is not installed.\n"
    "\n"
    "Examples:\n"
    "  confluxctl config schema > conflux.schema.json\n"
    "  jsonschema -i conflux.json conflux.schema.json";

constexpr const char* kExplainFooter =
    "Without KEY: all keys, their defaults and one line about each.\n"
    "\n"
    "Examples:\n"
    "  confluxctl config explain\n"
    "  confluxctl config explain conflux.desired_ux\n"
    "  confluxctl config explain conflux.legs    (a section)";

constexpr const char* kReferenceFooter =
    "Examples:\n"
    "  confluxctl config reference > REFERENCE.md";

struct CheckArguments {
  std::string file;
  std::string format = "text";
  bool strict = false;
};

config::FileText read_input(const std::string& file) {
  if (file != "-") {
    return config::read_config_file(file);
  }
  std::string text;
  std::array<char, 16384> buffer;
  ssize_t got = 0;
  while (text.size() <= config::kMaxTextBytes &&
         (got = ::read(STDIN_FILENO, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (got < 0) {
    return {.text = std::nullopt, .error = "cannot be read"};
  }
  return {.text = std::move(text), .error = {}};
}

int check(const CheckArguments& arguments, const Console& console) {
  const config::FileText file = read_input(arguments.file);
  const std::string name = arguments.file == "-" ? "<stdin>" : arguments.file;
  if (!file.text) {
    print_error(fmt::format("confluxctl: {} {}\n", config::printable(name), file.error));
    return kExitNoInput;
  }
  const config::ParseResult result = config::parse(*file.text, name);
  print(arguments.format == "json" ? check_as_json(result)
                                   : check_as_text(result, *file.text, console));
  const bool clean = result.ok() && (!arguments.strict || result.diagnostics.empty());
  return clean ? kExitOk : kExitConfig;
}

int explain(const std::string& key, const Console& console) {
  if (key.empty()) {
    print(config::list_keys());
    return kExitOk;
  }
  if (const std::optional<std::string> page = config::explain(key, console.width)) {
    print(*page);
    return kExitOk;
  }
  const std::string suggestion = config::suggest_key(key);
  print_error(fmt::format("confluxctl: no option or section is called {}{}\n",
                          config::in_quotes(key),
                          suggestion.empty() ? "; list them with: confluxctl config explain"
                                             : "; did you mean `" + suggestion + "`?"));
  return kExitUsage;
}

config::Profile profile_named(const std::string& name) {
  return name == "lab"    ? config::Profile::kLab
         : name == "fast" ? config::Profile::kFast
                          : config::Profile::kStock;
}

void add_check(CLI::App& group, const Console& console, Outcome& outcome) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = group.add_subcommand("check", "Check a file and report every error in it");
  command->add_option("FILE", arguments->file, "the file, or - for standard input")->required();
  command->add_option("--format", arguments->format, "how to report: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
  command->add_flag("--strict", arguments->strict, "exit with 78 for warnings too");
  command->footer(kCheckFooter);
  command->callback(
      [arguments, &console, &outcome] { outcome.exit_code = check(*arguments, console); });
}

void add_defaults(CLI::App& group) {
  auto profile = std::make_shared<std::string>("stock");
  CLI::App* command = group.add_subcommand("defaults", "Print a commented file with every default");
  command->add_option("--profile", *profile, "whose defaults: stock, fast or lab")
      ->check(CLI::IsMember({"stock", "fast", "lab"}))
      ->default_str("stock");
  command->footer(kDefaultsFooter);
  command->callback([profile] { print(config::defaults_yaml(profile_named(*profile))); });
}

void add_explain(CLI::App& group, const Console& console, Outcome& outcome) {
  auto key = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand(
      "explain", "Explain an option: what it does, what it reveals, when to change it");
  command->add_option("KEY", *key, "an option or a section, such as conflux.legs.count");
  command->footer(kExplainFooter);
  command->callback([key, &console, &outcome] { outcome.exit_code = explain(*key, console); });
}

}  // namespace

void add_config_commands(CLI::App& app, const Console& console, Outcome& outcome) {
  CLI::App* group = app.add_subcommand("config", "Check, print and explain the configuration");
  group->require_subcommand(1);
  group->footer(kConfigFooter);
  add_check(*group, console, outcome);
  add_defaults(*group);
  add_explain(*group, console, outcome);
  CLI::App* schema = group->add_subcommand("schema", "Print the JSON Schema of the file");
  schema->footer(kSchemaFooter);
  schema->callback([] { print(config::json_schema()); });
  CLI::App* reference = group->add_subcommand("reference", "Print the reference in Markdown");
  reference->footer(kReferenceFooter);
  reference->callback([] { print(config::markdown_reference()); });
}

}  // namespace conflux::ctl
