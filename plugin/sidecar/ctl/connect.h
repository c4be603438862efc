// How the commands find the sidecar, and what they say when it is not there.
#pragma once

#include <grpcpp/support/status.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "plugin/sidecar/client/client.h"

namespace conflux::ctl {

// Where a sidecar listens that was not told otherwise.
[[nodiscard]] std::string default_target();

struct ConnectOptions {
  // As given: "unix:PATH", "/PATH" or "HOST:PORT".
  std::string address{};
  std::string ca_file{};
  std::string certificate_file{};
  std::string key_file{};
  std::string instance{};
};

// --address, --ca, --cert, --key and --instance. CONFLUX_SIDECAR names an address too.
void add_connect_options(CLI::App& command, ConnectOptions& options);

[[nodiscard]] sidecar::Address address_of(const ConnectOptions& options);

// Null after an error message; `exit_code` says which.
[[nodiscard]] std::unique_ptr<sidecar::Client> connect(const ConnectOptions& options,
                                                       int& exit_code);
// Says what went wrong and what to do; answers the exit code.
[[nodiscard]] int report_failure(const ConnectOptions& options, const grpc::Status& status);

// "500ms", "2s": 100 ms to one minute.
[[nodiscard]] CLI::Validator interval_validator();

}  // namespace conflux::ctl
