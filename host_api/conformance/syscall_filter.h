// From a line in the program on, no system call but those for memory, locks and the kit's reports.
#pragma once

namespace mpath::kit {

struct SyscallFilter {
  int report_descriptor;       // may be written to
  bool allows_random = false;  // getrandom, and getpid to notice a fork
};

// Not to be undone. Any other call raises SIGSYS, which crash_report.h words. False if this kernel
// or sandbox allows no filter.
[[nodiscard]] bool install_syscall_filter(const SyscallFilter& filter);

// Where install_crash_reports writes; -1 before.
[[nodiscard]] int report_descriptor_of_process() noexcept;

}  // namespace mpath::kit
