// A process that runs one check says why it dies: what it was in, and which requirement that
// breaks.
#pragma once

namespace mpath::kit {

// From now on fatal signals of this process write one line to `descriptor` and end it. So does
// SIGTERM, which means that time is up, and SIGSYS, which is a system call behind a filter.
void install_crash_reports(int descriptor);

// First bytes of the line; what follows is "requirement\x1fmessage\n".
inline constexpr char kCrashMark = 'C';
inline constexpr char kFailureMark = 'F';  // a crash that is a failed expectation
inline constexpr char kTimeoutMark = 'T';

}  // namespace mpath::kit
