// The live view as it runs: terminal, sidecar, signals and clock meet here and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "plugin/sidecar/client/client.h"
#include "plugin/sidecar/ctl/top/view.h"

namespace conflux::top {

struct AppOptions {
  std::string target{};  // of the sidecar, as it is shown
  std::string instance{};
  std::chrono::milliseconds interval{1000};
  std::uint32_t limit = 0;  // of tunnels that are asked for
  View view{};
  bool ascii = false;
  bool colour = true;
  int width = 80;  // of the one-shot picture
};

// Blocks the signals that end or resize a view, in this thread and those that it makes from now on.
// Before a Client is made.
class SignalFile {
 public:
  SignalFile();
  ~SignalFile();
  SignalFile(const SignalFile&) = delete;
  SignalFile& operator=(const SignalFile&) = delete;
  [[nodiscard]] int file() const noexcept { return file_; }
  // The number of a signal that came, or 0.
  [[nodiscard]] int take() const;

 private:
  int file_;
};

// 0 after `q` or Ctrl-C, 128 plus its number after another signal.
struct AppResult {
  int exit_code = 0;
  std::string problem{};  // not empty: it could not begin
};
[[nodiscard]] AppResult run_app(const sidecar::Client& client, const SignalFile& signals,
                                const AppOptions& options);

// The picture of the time between two answers, all tunnels and plain text.
struct OneShot {
  std::string text{};
  grpc::Status status{};
};
[[nodiscard]] OneShot take_picture(const sidecar::Client& client, const AppOptions& options);

}  // namespace conflux::top
