#include "host_api/conformance/runner.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <system_error>

#include "host_api/conformance/crash_report.h"
#include "host_api/conformance/plugin_file.h"

namespace mpath::kit {
namespace {

using Clock = std::chrono::steady_clock;

// What a process for a check writes: one line, "mark requirement \x1f message".
constexpr char kPassMark = 'P';
constexpr char kWarningMark = 'W';
constexpr char kSkipMark = 'S';
constexpr char kSeparator = '\x1f';
constexpr std::chrono::milliseconds kGrace{1000};  // between "time is up" and SIGKILL

std::string make_line(char mark, const std::string& requirement, std::string message) {
  std::ranges::replace(message, '\n', ' ');
  return mark + requirement + kSeparator + message + '\n';
}

// Runs it here, and says how it went.
std::string run_here(const Check& check, const Settings& settings) {
  Context context(settings);
  try {
    check.run(context);
  } catch (const Failure& failure) {
    return make_line(kFailureMark, failure.requirement, failure.what());
  } catch (const Skipped& skipped) {
    return make_line(kSkipMark, "", skipped.what());
  } catch (const CannotLoad& error) {
    return make_line(kFailureMark, "MPATH-P-1", error.what());
  } catch (const std::exception& error) {
    return make_line(kCrashMark, "", std::string("the kit itself failed: ") + error.what());
  }
  if (!context.warnings().empty()) {
    std::string all;
    for (const std::string& warning : context.warnings())
      all += (all.empty() ? "" : "; ") + warning;
    return make_line(kWarningMark, "", all);
  }
  if (context.expectations() == 0) return make_line(kCrashMark, "", "the check expected nothing");
  return make_line(kPassMark, "", "");
}

Result read_line(std::string_view line) {
  Result result;
  switch (line.empty() ? '\0' : line.front()) {
    case kPassMark:
      return result;
    case kWarningMark:
      result.status = Status::kWarning;
      break;
    case kSkipMark:
      result.status = Status::kSkipped;
      break;
    case kFailureMark:
      result.status = Status::kFailed;
      break;
    case kTimeoutMark:
      result.status = Status::kTimedOut;
      break;
    default:
      result.status = Status::kCrashed;
  }
  const std::size_t separator = line.find(kSeparator);
  if (separator == std::string_view::npos) return result;
  result.requirement = line.substr(1, separator - 1);
  result.message = line.substr(separator + 1);
  return result;
}

// The last line: what happened last is what counts.
std::string_view last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t before = text.rfind('\n');
  return before == std::string_view::npos ? text : text.substr(before + 1);
}

class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  [[nodiscard]] int read_end() const noexcept { return ends_[0]; }
  [[nodiscard]] int write_end() const noexcept { return ends_[1]; }
  void close_end(int which) noexcept {
    if (ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
};

[[noreturn]] void be_child(Pipe& pipe, const std::function<std::string()>& work) {
  pipe.close_end(0);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // What a plugin prints must not be mistaken for a report.
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  install_crash_reports(pipe.write_end());
  const std::string line = work();
  [[maybe_unused]] const auto written = ::write(pipe.write_end(), line.data(), line.size());
  ::_exit(0);
}

// Reads until the process closes its end; false if time was up first.
bool read_until(int descriptor, Clock::time_point deadline, std::string& text) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{descriptor, POLLIN, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(left.count()));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) return false;
    char bytes[4096];
    const ssize_t length = ::read(descriptor, bytes, sizeof bytes);
    if (length <= 0) return true;
    text.append(bytes, static_cast<std::size_t>(length));
  }
}

// What `work` answers in a process of its own, or why it did not get that far.
std::string run_apart(const std::function<std::string()>& work, unsigned timeout_seconds) {
  Pipe pipe;
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) be_child(pipe, work);
  pipe.close_end(1);
  std::string text;
  const auto deadline = Clock::now() + std::chrono::seconds(timeout_seconds);
  bool timed_out = false;
  if (!read_until(pipe.read_end(), deadline, text)) {
    timed_out = true;
    ::kill(child, SIGTERM);
    read_until(pipe.read_end(), Clock::now() + kGrace, text);
  }
  // The group: a check may have forked.
  ::kill(-child, SIGKILL);
  ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!text.empty()) return std::string(last_line(text));
  if (timed_out) return make_line(kTimeoutMark, "MPATH-P-29", "did not return in time");
  const std::string how =
      WIFSIGNALED(status) ? std::string("died of signal ") + std::to_string(WTERMSIG(status))
                          : "ended the process with status " + std::to_string(WEXITSTATUS(status));
  return make_line(kCrashMark, "MPATH-P-29", "the plugin " + how);
}

}  // namespace

Result run_check(const Check& check, const Settings& settings, unsigned timeout_seconds) {
  const auto began = Clock::now();
  const std::string line =
      settings.in_process ? run_here(check, settings)
                          : run_apart([&] { return run_here(check, settings); }, timeout_seconds);
  Result result = read_line(last_line(line));
  result.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return result;
}

std::string why_not_loadable(const Settings& settings, unsigned timeout_seconds) {
  const Check load{.name = "load",
                   .requirements = {},
                   .run =
                       [](Context& check) {
                         const PluginFile file(check.settings().plugin);
                         check.expect(file.entry() != nullptr, "MPATH-P-1", "no entry point");
                       },
                   .claim = {}};
  const std::string line = run_apart([&] { return run_here(load, settings); }, timeout_seconds);
  const Result result = read_line(last_line(line));
  return result.is_bad() ? result.message : "";
}

std::string describe_plugin(const Settings& settings, unsigned timeout_seconds) {
  const Check describe{.name = "describe",
                       .requirements = {},
                       .run =
                           [](Context& check) {
                             const PluginFile file(check.settings().plugin);
                             mpath_negotiation io = make_offer(1, 1);
                             if (file.entry()(&io) == MPATH_OK && io.plugin_name != nullptr &&
                                 io.plugin_version != nullptr) {
                               check.skip(fmt::format("{} {}", io.plugin_name, io.plugin_version));
                             }
                           },
                       .claim = {}};
  const std::string line = run_apart([&] { return run_here(describe, settings); }, timeout_seconds);
  const Result result = read_line(last_line(line));
  return result.status == Status::kSkipped ? result.message : "unknown";
}

}  // namespace mpath::kit
