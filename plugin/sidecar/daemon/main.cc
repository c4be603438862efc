// conflux-sidecar: tells of the regions that plugins publish, to whom the operator lets.

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "config/docs/docs.h"
#include "config/file.h"
#include "config/parse.h"
#include "plugin/sidecar/daemon/daemon.h"
#include "plugin/sidecar/serve/tls_files.h"

namespace conflux::sidecar {
namespace {

// Spec: sysexits.h, which systemd knows too.
constexpr int kExitUsage = 64;
constexpr int kExitNoInput = 66;
constexpr int kExitCannotStart = 69;
constexpr int kExitBug = 70;
constexpr int kExitConfig = 78;

constexpr const char* kFooter =
    "Reads the metrics that proxies with the Conflux plugin publish (conflux.metrics.mode), and\n"
    "serves them by gRPC on a Unix socket; by gRPC with mTLS, to Prometheus and by OTLP if the\n"
    "configuration says so. It never touches a proxy, and proxies may come and go.\n"
    "\n"
    "Signals: SIGHUP reloads the configuration, all or nothing. SIGTERM and SIGINT stop it.\n"
    "Exit status: 0 stopped, 64 usage, 66 the file cannot be read, 69 it cannot start, 78 errors\n"
    "in the file.\n"
    "\n"
    "Examples:\n"
    "  conflux-sidecar                                   (all defaults)\n"
    "  conflux-sidecar --config /etc/conflux/conflux.yaml\n"
    "  conflux-sidecar --config conflux.yaml --check     (finds errors, changes nothing)\n"
    "  conflux-sidecar --print-defaults > conflux.yaml\n"
    "  confluxctl doctor                                 (is it up, and what does it see?)";

struct Arguments {
  std::string config_file;
  bool check = false;
  bool print_defaults = false;
  bool print_schema = false;
};

int complain(int exit_code, const std::string& text) {
  std::fprintf(stderr, "conflux-sidecar: %s\n", text.c_str());
  return exit_code;
}

// 0, or the exit code after a message.
int read_settings(const std::string& path, config::Settings& out) {
  if (path.empty()) return 0;
  const config::FileText file = config::read_config_file(path);
  if (!file.text) return complain(kExitNoInput, path + " " + file.error);
  const config::ParseResult parsed = config::parse(*file.text, path);
  std::fputs(to_string(parsed).c_str(), stderr);
  if (!parsed.ok()) return kExitConfig;
  out = *parsed.settings;
  return 0;
}

int check(const config::SidecarSettings& settings, const std::string& path) {
  for (const TlsFiles& files :
       {TlsFiles{settings.grpc.tls.certificate, settings.grpc.tls.key, settings.grpc.tls.client_ca},
        TlsFiles{settings.otlp.tls.certificate, settings.otlp.tls.key, settings.otlp.tls.ca}}) {
    const std::string problem = check_tls_files(files);
    if (!problem.empty()) return complain(kExitConfig, problem);
  }
  std::printf("%s: valid\n", path.empty() ? "defaults" : path.c_str());
  return 0;
}

int serve(const Arguments& arguments, config::Settings settings) {
  block_signals();
  Daemon daemon({.config_file = arguments.config_file,
                 .settings = std::move(settings),
                 .version = CONFLUX_VERSION});
  const std::string problem = daemon.start();
  if (!problem.empty()) return complain(kExitCannotStart, problem);
  daemon.run();
  return 0;
}

int run(const Arguments& arguments) {
  if (arguments.print_defaults) {
    std::fputs(config::defaults_yaml(config::Profile::kStock).c_str(), stdout);
    return 0;
  }
  if (arguments.print_schema) {
    std::fputs(config::json_schema().c_str(), stdout);
    return 0;
  }
  config::Settings settings;
  if (const int refused = read_settings(arguments.config_file, settings); refused != 0) {
    return refused;
  }
  return arguments.check ? check(settings.sidecar, arguments.config_file)
                         : serve(arguments, std::move(settings));
}

int main_guarded(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Tells of Conflux metrics by gRPC, to Prometheus and by OTLP.", "conflux-sidecar");
  app.add_option("--config", arguments.config_file, "the configuration (YAML); none: all defaults");
  app.add_flag("--check", arguments.check, "check the configuration, say what is wrong, and end");
  app.add_flag("--print-defaults", arguments.print_defaults,
               "print a commented configuration with every default");
  app.add_flag("--print-schema", arguments.print_schema,
               "print the JSON Schema of the configuration");
  app.set_version_flag("--version", "conflux-sidecar " CONFLUX_VERSION);
  app.footer(kFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return complain(kExitUsage, std::string(error.what()) + "\nTry `conflux-sidecar --help`.");
  }
  return run(arguments);
}

}  // namespace
}  // namespace conflux::sidecar

int main(int argc, char** argv) {
  // A heap per thread would keep what each of them ever needed.
  mallopt(M_ARENA_MAX, 2);
  // What is large goes back to the system when it is freed, and is no memory before it is used.
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  try {
    return conflux::sidecar::main_guarded(argc, argv);
  } catch (const std::exception& error) {
    return conflux::sidecar::complain(conflux::sidecar::kExitBug, error.what());
  }
}
