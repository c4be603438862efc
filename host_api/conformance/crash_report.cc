#include "host_api/conformance/crash_report.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "host_api/conformance/allocations.h"
#include "host_api/conformance/check.h"
#include "host_api/conformance/driver.h"
#include "host_api/conformance/lent_memory.h"
#include "host_api/conformance/syscall_filter.h"

namespace mpath::kit {
namespace {

constinit int report_descriptor = -1;
constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGTERM};

// Text that a signal handler may make.
class Line {
 public:
  Line& operator<<(const char* words) noexcept {
    while (*words != '\0' && length_ < text_.size() - 1) text_[length_++] = *words++;
    return *this;
  }
  Line& operator<<(int number) noexcept {
    std::array<char, 12> digits{};
    std::size_t at = digits.size() - 1;
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return *this << digits.data() + at;
  }
  void write() noexcept {
    text_[length_++] = '\n';
    [[maybe_unused]] const auto written = ::write(report_descriptor, text_.data(), length_);
  }

 private:
  std::array<char, 400> text_{};
  std::size_t length_ = 0;
};

const char* place() noexcept { return current_call() == nullptr ? "loading" : current_call(); }

// Whoever reads what is not there of a struct that is too small has not refused it.
const char* blame_for_the_end() noexcept {
  const char* blame = Blame::current();
  return blame != nullptr && std::strcmp(blame, "MPATH-P-6") == 0 ? blame : "MPATH-P-5";
}

const char* blame_or(const char* requirement) noexcept {
  return Blame::current() == nullptr ? requirement : Blame::current();
}

void report(char mark, const char* requirement, const char* what, const char* more = "") noexcept {
  const char start[] = {mark, '\0'};
  Line line;
  line << start << requirement << "\x1f" << place() << " " << what << more;
  line.write();
}

bool report_lent_memory(const void* address) noexcept {
  switch (LentMemory::judge(address)) {
    case Fault::kAfterward:
      report(kFailureMark, "MPATH-P-28", "touched memory that had been lent for an earlier call");
      return true;
    case Fault::kPastTheEnd:
      report(kFailureMark, blame_for_the_end(), "read or wrote past the end of what it was lent");
      return true;
    case Fault::kReadOnly:
      report(kFailureMark, "MPATH-P-29", "wrote to memory that was lent for reading");
      return true;
    case Fault::kElsewhere:
      return false;
  }
  return false;
}

void report_signal(int number) noexcept {
  Line line;
  const char* requirement = plugin_runs() ? blame_or("MPATH-P-29") : blame_or("");
  line << "C" << requirement << "\x1f" << (plugin_runs() ? "" : "outside of the plugin, after ")
       << place() << " died of signal " << number << " (" << ::sigdescr_np(number) << ")";
  line.write();
}

void report_system_call(int number) noexcept {
  // What abort() and raise() begin with.
  const bool is_signal =
      number == SYS_tgkill || number == SYS_rt_sigprocmask || number == SYS_gettid;
  Line line;
  line << "F" << (is_signal ? "MPATH-P-29" : "MPATH-P-31") << "\x1f" << place()
       << (is_signal ? " aborted or raised a signal: system call number "
                     : " made system call number ")
       << number;
  line.write();
}

void handle(int number, siginfo_t* info, void*) {
  if (number == SIGTERM) {
    report(kTimeoutMark, blame_or("MPATH-P-29"), "did not return in time");
  } else if (number == SIGSYS) {
    report_system_call(info->si_syscall);
  } else if ((number != SIGSEGV && number != SIGBUS) || !report_lent_memory(info->si_addr)) {
    report_signal(number);
  }
  ::_exit(1);
}

}  // namespace

int report_descriptor_of_process() noexcept { return report_descriptor; }

void install_crash_reports(int descriptor) {
  report_descriptor = descriptor;
  constexpr std::size_t kStackSize = 64 * 1024;
  stack_t stack{};
  stack.ss_sp =
      ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack.ss_size = kStackSize;
  ::sigaltstack(&stack, nullptr);
  for (const int number : kFatal) {
    struct sigaction action {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(number, &action, nullptr);
  }
}

}  // namespace mpath::kit
