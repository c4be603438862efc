// An OTLP receiver built from the official protocol, which fails as it is told to.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "test/sidecar/exporters/otlp_totals.h"

namespace conflux::sidecar::test {

// Files in PEM; empty: no TLS.
struct ReceiverTls {
  std::string ca;
  std::string certificate;
  std::string key;
};

class OtlpReceiver {
 public:
  // How one request is answered.
  struct Answer {
    int code = 0;
    std::optional<std::chrono::milliseconds> retry_after{};
    std::int64_t points_rejected = 0;
    bool hangs = false;  // until the client gives up
  };

  explicit OtlpReceiver(ReceiverTls tls = {});
  ~OtlpReceiver();
  OtlpReceiver(const OtlpReceiver&) = delete;
  OtlpReceiver& operator=(const OtlpReceiver&) = delete;

  // Comes back on the port that it had.
  void start();
  void stop();
  [[nodiscard]] std::string address() const;

  // For the next requests, one each; those after it are accepted.
  void script(std::deque<Answer> answers);
  // Waits for up to 20 s; false if it never came to that. `condition` looks at accepted requests.
  [[nodiscard]] bool wait(const std::function<bool(const OtlpTotals&)>& condition);
  // Requests that came in, accepted or not; how many of them were wanted at least.
  [[nodiscard]] bool wait_for_requests(std::size_t count);
  [[nodiscard]] std::size_t requests() const;
  [[nodiscard]] OtlpTotals totals() const;
  // Metadata of the last request.
  [[nodiscard]] std::string header(const std::string& key) const;

 private:
  class Service;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace conflux::sidecar::test
