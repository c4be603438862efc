// Writes the trace of a layer's calls.
#pragma once

#include <cstdio>
#include <string>

#include "host_api/conformance/check/trace.h"

namespace mpath::layer {

// Not thread-safe: whoever owns it locks.
class Recorder {
 public:
  // Check is_open() afterwards. With `secrets` the trace can be replayed and must be kept secret.
  Recorder(const std::string& path, bool secrets);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return file_ != nullptr; }
  [[nodiscard]] bool has_secrets() const noexcept { return secrets_; }
  // Before and after the call: what goes in may change while it runs.
  void begin(const judge::Call& call, std::uint32_t instance);
  void end(const judge::Call& call, mpath_status status);

 private:
  std::FILE* file_ = nullptr;
  bool secrets_;
  trace::Pseudonyms pseudonyms_{false};
  trace::Writer record_;
};

}  // namespace mpath::layer
