#include "host_api/conformance/syscall_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpath::kit {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

constexpr std::uint32_t kNumberAt = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArchitectureAt = offsetof(seccomp_data, arch);

// The low half of an argument, on little-endian machines.
constexpr std::uint32_t argument_at(std::uint32_t number) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + number * 8;
}

class Program {
 public:
  void load(std::uint32_t at) { add(BPF_LD | BPF_W | BPF_ABS, at, 0, 0); }
  void answer(std::uint32_t verdict) { add(BPF_RET | BPF_K, verdict, 0, 0); }
  // If what was loaded is `value`, the answer is `verdict`.
  void answer_if(std::uint32_t value, std::uint32_t verdict) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(verdict);
  }
  // Unless what was loaded is `value`, the process ends.
  void require(std::uint32_t value) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
  }
  // Call `number` is allowed if its argument is `value`.
  void allow_with(long number, std::uint32_t argument, std::uint32_t value) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 4);
    load(argument_at(argument));
    answer_if(value, SECCOMP_RET_ALLOW);
    answer(SECCOMP_RET_TRAP);
  }
  [[nodiscard]] std::vector<sock_filter>& code() { return code_; }

 private:
  void add(int code, std::uint32_t k, std::uint8_t if_true, std::uint8_t if_false) {
    code_.push_back({static_cast<std::uint16_t>(code), if_true, if_false, k});
  }
  std::vector<sock_filter> code_;
};

}  // namespace

bool install_syscall_filter(const SyscallFilter& filter) {
  if (kArchitecture == 0) return false;
  Program program;
  program.load(kArchitectureAt);
  program.require(kArchitecture);
  program.load(kNumberAt);
  for (const long number : {SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_futex,
                            SYS_exit, SYS_exit_group, SYS_rt_sigreturn}) {
    program.answer_if(static_cast<std::uint32_t>(number), SECCOMP_RET_ALLOW);
  }
  if (filter.allows_random) {
    // A CSPRNG asks for its process to find out that it has forked.
    for (const long number : {SYS_getrandom, SYS_getpid}) {
      program.answer_if(static_cast<std::uint32_t>(number), SECCOMP_RET_ALLOW);
    }
  }
  program.allow_with(SYS_write, 0, static_cast<std::uint32_t>(filter.report_descriptor));
  // Memory, not files: the descriptor is -1.
  program.allow_with(SYS_mmap, 4, UINT32_MAX);
  program.answer(SECCOMP_RET_TRAP);
  const sock_fprog all{static_cast<unsigned short>(program.code().size()), program.code().data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all, 0, 0) == 0;
}

}  // namespace mpath::kit
