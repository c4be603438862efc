#include "plugin/sidecar/ctl/connect.h"

#include <fmt/format.h>

#include "config/confluxctl/command.h"
#include "config/options/units.h"
#include "config/settings.h"
#include "plugin/sidecar/ctl/format.h"

namespace conflux::ctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortest{100};
constexpr milliseconds kLongest{60'000};

}  // namespace

std::string default_target() { return "unix:" + config::GrpcSettings{}.socket; }

void add_connect_options(CLI::App& command, ConnectOptions& options) {
  command.add_option("--address", options.address, "where the sidecar is: unix:PATH or HOST:PORT")
      ->envname("CONFLUX_SIDECAR")
      ->default_str(default_target());
  command.add_option("--instance", options.instance, "only the proxy of this name");
  auto* ca = command.add_option("--ca", options.ca_file, "PEM file: who signed the sidecar");
  auto* certificate =
      command.add_option("--cert", options.certificate_file, "PEM file: our certificate");
  auto* key = command.add_option("--key", options.key_file, "PEM file: our private key");
  ca->needs(certificate)->needs(key);
  certificate->needs(ca);
  key->needs(ca);
}

sidecar::Address address_of(const ConnectOptions& options) {
  std::string target = options.address.empty() ? default_target() : options.address;
  if (target.starts_with('/')) target = "unix:" + target;
  return {.target = std::move(target),
          .ca_file = options.ca_file,
          .certificate_file = options.certificate_file,
          .key_file = options.key_file};
}

std::unique_ptr<sidecar::Client> connect(const ConnectOptions& options, int& exit_code) {
  std::string problem;
  std::unique_ptr<sidecar::Client> client = sidecar::Client::make(address_of(options), problem);
  if (client == nullptr) {
    print_error(fmt::format("confluxctl: {}\n", printable(problem)));
    exit_code = kExitNoInput;
  }
  return client;
}

int report_failure(const ConnectOptions& options, const grpc::Status& status) {
  const std::string target = printable(address_of(options).target);
  const std::string reason = printable(sidecar::reason_of(status));
  const grpc::StatusCode code = status.error_code();
  if (code == grpc::StatusCode::UNIMPLEMENTED) {
    print_error(fmt::format(
        "confluxctl: the sidecar at {} tells of no single tunnels; only its Unix socket "
        "does (--address unix:PATH)\n",
        target));
    return kExitUnavailable;
  }
  if (code == grpc::StatusCode::INVALID_ARGUMENT || code == grpc::StatusCode::NOT_FOUND) {
    print_error(fmt::format("confluxctl: the sidecar refuses this: {}\n", reason));
    return kExitUsage;
  }
  print_error(fmt::format(
      "confluxctl: conflux-sidecar cannot be reached at {}: {}\n"
      "Start it with `systemctl start conflux-sidecar`, or name its socket with --address; "
      "`confluxctl doctor` tells more.\n",
      target, reason));
  return kExitUnavailable;
}

CLI::Validator interval_validator() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        const auto reading = config::read_duration(text);
        if (reading.value && *reading.value >= kShortest && *reading.value <= kLongest) return {};
        return fmt::format("`{}` is no interval; expected 100ms to 60s, such as 500ms or 2s",
                           printable(text));
      },
      "DURATION");
}

}  // namespace conflux::ctl
