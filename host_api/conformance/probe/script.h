// The probe's script: what it does otherwise than a well-behaved plugin, and when.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host_api/conformance/judge/call.h"

namespace mpath::probe {

enum class Action : std::uint8_t {
  kAnswer,    // answers `number` (a status) without acting; `reason` goes where the answer has one
  kHold,      // receive: HELD
  kRelease,   // receive: MPATH_OK, and all held tokens are to be drained after it
  kTell,      // poll: tells an event of kind `number` with `reason`
  kFill,      // poll: fills the whole array with events of unknown kinds
  kDeadline,  // poll: next_deadline_us = now + `number`
  kClose,     // closes the tunnel with `reason`, then acts
  kPoison,    // the tunnel is poisoned from this call on
  kLinger,    // stays inside until another thread comes in, at most `number` ms
};

struct Rule {
  judge::Slot slot{};
  std::uint64_t nth = 0;    // the first call that it applies to, counted from 1; 0: from the first
  std::uint64_t times = 1;  // how many calls
  std::optional<std::uint8_t> command;  // only cells of this relay command
  Action action = Action::kAnswer;
  std::int64_t number = 0;
  std::uint32_t reason = 0;
  std::uint64_t seen = 0;  // calls that matched so far
};

struct Script {
  std::string verdicts;  // file; empty: standard error
  std::uint64_t late_us = 1'000'000;
  std::uint32_t minor = MPATH_ABI_MINOR;  // that the probe claims
  std::uint32_t table_extra = 0;          // bytes that its table is longer than ours
  std::vector<Rule> rules;
};

inline constexpr std::string_view kScriptHead = "mpath-probe 1";

// Parses a script (README.md, "The script"). On an error `*error` says the line and what is
// expected.
[[nodiscard]] std::optional<Script> parse_script(std::string_view text, std::string* error);

}  // namespace mpath::probe
