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
  const auto is_over = [now](const Topic& topic) {
    return now - topic.since >= std::chrono::seconds(kLogSpanSeconds);
  };
  if (topics.size() >= kLogTopics && !topics.contains(name)) {
    std::erase_if(topics, [&](const auto& it) { return is_over(it.second); });
    if (topics.size() >= kLogTopics) name = "";
  }
  Topic& topic = topics.try_emplace(std::string(name), Topic{.since = now}).first->second;
  int left_out = 0;
  if (is_over(topic)) {
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

// Set once, before gRPC has threads.
void (*tell_deaf)() = nullptr;

void forward_grpc(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  const char* slash = std::strrchr(args->file, '/');
  const std::string file = slash == nullptr ? args->file : slash + 1;
  if (tells_of_a_deaf_server(file, args->message)) return tell_deaf();
  log_line("grpc", "gRPC reports an error in " + file + " (a client that was refused, mostly)");
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

void tame_grpc_log(void (*on_deaf)()) {
  tell_deaf = on_deaf;
  gpr_set_log_function(forward_grpc);
  // Whatever GRPC_VERBOSITY says: this news comes no other way.
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
}

bool tells_of_a_deaf_server(std::string_view file, std::string_view message) {
  return file == "tcp_server_posix.cc" && message.starts_with("Failed accept");
}

}  // namespace conflux::sidecar
