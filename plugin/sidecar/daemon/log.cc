#include "plugin/sidecar/daemon/log.h"

#include <grpc/support/log.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

namespace conflux::sidecar {
namespace {

using Clock = std::chrono::steady_clock;

struct Topic {
  Clock::time_point since;
  int lines = 0;
  int left_out = 0;
};

// How many lines were left out before this one; -1: so is this one.
int admit(std::string_view name) {
  static std::map<std::string, Topic, std::less<>> topics;
  const Clock::time_point now = Clock::now();
  Topic& topic = topics.try_emplace(std::string(name), Topic{.since = now}).first->second;
  int left_out = 0;
  if (now - topic.since >= std::chrono::seconds(kLogSpanSeconds)) {
    left_out = topic.left_out;
    topic = {.since = now};
  }
  if (topic.lines >= kLogBurst) {
    ++topic.left_out;
    return -1;
  }
  ++topic.lines;
  return left_out;
}

void forward_grpc(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  const char* slash = std::strrchr(args->file, '/');
  log_line("grpc", std::string("gRPC reports an error in ") +
                       (slash == nullptr ? args->file : slash + 1) +
                       " (a client that was refused, mostly)");
}

}  // namespace

void log_line(std::string_view topic, std::string_view text) {
  static std::mutex lock;
  const std::lock_guard guard(lock);
  const int left_out = admit(topic);
  if (left_out < 0) return;
  std::string line = "conflux-sidecar: " + std::string(text);
  if (left_out > 0) line += " (" + std::to_string(left_out) + " like it left out)";
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void tame_grpc_log() { gpr_set_log_function(forward_grpc); }

}  // namespace conflux::sidecar
