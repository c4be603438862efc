#include <memory>
#include <mpath/loader.hpp>
#include <string>
#include <vector>

#include "config/file.h"
#include "config/parse.h"
#include "plugin/sidecar/ctl/commands.h"
#include "plugin/sidecar/ctl/connect.h"
#include "plugin/sidecar/ctl/doctor/checks.h"
#include "plugin/sidecar/ctl/doctor/local_regions.h"
#include "plugin/sidecar/ctl/doctor/report.h"

namespace conflux::ctl {
namespace {

constexpr const char* kDoctorFooter =
    "Looks at the configuration, the plugin that it names, the directory of regions, the sidecar "
    "and\n"
    "the numbers of each proxy, and says of each what to do next. Works without the sidecar: it "
    "reads\n"
    "the regions' files itself if it may. It judges the plugin's file and does not load it.\n"
    "\n"
    "Exit status: 0 all is well, 1 there is a problem, 64 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  confluxctl doctor\n"
    "  confluxctl doctor --config /etc/conflux/conflux.yaml --json\n"
    "  confluxctl doctor --regions /run/lab --address unix:/run/lab/sidecar.sock";

constexpr int kExitProblem = 1;
constexpr const char* kConfigPath = "/etc/conflux/conflux.yaml";
// Proxies tick at least every second.
constexpr std::chrono::milliseconds kPatience{3000};

struct DoctorArguments {
  ConnectOptions connect;
  std::string config;
  std::string regions;
  bool json = false;
};

ConfigFacts look_at_config(const std::string& named) {
  ConfigFacts facts{.path = named.empty() ? kConfigPath : named, .named = !named.empty()};
  const config::FileText file = config::read_config_file(facts.path);
  facts.error = file.error;
  facts.absent = look_at_socket(facts.path) == PathState::kAbsent;
  if (file.text) facts.result = config::parse(*file.text, facts.path);
  return facts;
}

SidecarFacts look_at_sidecar(const ConnectOptions& options) {
  const sidecar::Address address = address_of(options);
  SidecarFacts facts{.target = address.target};
  constexpr std::string_view kUnix = "unix:";
  if (address.target.starts_with(kUnix)) {
    facts.socket = look_at_socket(address.target.substr(kUnix.size()));
    if (facts.socket != PathState::kOk) {
      facts.status = {grpc::StatusCode::UNAVAILABLE, "no socket"};
      return facts;
    }
  }
  std::string problem;
  const auto client = sidecar::Client::make(address, problem);
  if (client == nullptr) {
    facts.status = {grpc::StatusCode::FAILED_PRECONDITION, problem};
    return facts;
  }
  sidecar::Cancellation never;
  auto answer = client->snapshot(options.instance, never);
  facts.status = answer.status;
  facts.snapshot = std::move(answer.value);
  return facts;
}

PluginFacts look_at_plugin(const ConfigFacts& config) {
  if (!config.result.settings || config.result.settings->plugin.path.empty()) return {};
  const config::PluginSettings& plugin = config.result.settings->plugin;
  mpath::LoadOptions options{.path = plugin.path, .pins = {}};
  for (const auto& pin : plugin.sha256) options.pins.push_back(pin);
  const mpath::FileCheck check = mpath::check_plugin_file(options);
  return {.path = plugin.path,
          .refusal = check.message,
          .sha256 = mpath::to_hex(check.sha256),
          .pins = plugin.sha256.size()};
}

// What the command line leaves open is as the configuration says.
void complete(DoctorArguments& arguments, const ConfigFacts& config) {
  const config::Settings settings = config.result.settings.value_or(config::Settings{});
  if (arguments.connect.address.empty() && settings.sidecar.grpc.socket != "none") {
    arguments.connect.address = "unix:" + settings.sidecar.grpc.socket;
  }
  if (arguments.regions.empty()) arguments.regions = settings.conflux.metrics.directory;
}

int run_doctor(DoctorArguments arguments, const Console& console) {
  const ConfigFacts config = look_at_config(arguments.config);
  complete(arguments, config);
  const SidecarFacts sidecar = look_at_sidecar(arguments.connect);
  const DirectoryFacts directory = look_at_directory(arguments.regions, kPatience);
  std::vector<Finding> findings = check_config(config);
  for (Finding& it : check_plugin(look_at_plugin(config))) findings.push_back(std::move(it));
  for (Finding& it : check_directory(directory, sidecar)) findings.push_back(std::move(it));
  for (Finding& it : check_sidecar(sidecar)) findings.push_back(std::move(it));
  print(arguments.json ? findings_as_json(findings) : findings_as_text(findings, console));
  return is_healthy(findings) ? kExitOk : kExitProblem;
}

}  // namespace

void add_doctor_command(CLI::App& app, const Console& console, Outcome& outcome) {
  auto arguments = std::make_shared<DoctorArguments>();
  CLI::App* command = app.add_subcommand("doctor", "Find what is wrong, and say what to do next");
  command->add_option("--config", arguments->config, "the configuration file")
      ->default_str(kConfigPath);
  command->add_option("--regions", arguments->regions, "the directory of regions")
      ->default_str("as configured");
  command->add_flag("--json", arguments->json, "print JSON");
  add_connect_options(*command, arguments->connect);
  command->footer(kDoctorFooter);
  command->callback(
      [arguments, &console, &outcome] { outcome.exit_code = run_doctor(*arguments, console); });
}

}  // namespace conflux::ctl
