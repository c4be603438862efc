// What the sidecar says of itself, on standard error: for journald, or a person.
#pragma once

#include <string>
#include <string_view>

namespace conflux::sidecar {

// One line. Thread-safe. Of each `topic` at most kLogBurst lines are written in kLogSpan; the next
// one after that says how many were left out. Nothing that identifies anybody goes in here: no
// address, no identity, no id of a tunnel.
inline constexpr int kLogBurst = 10;
inline constexpr int kLogSpanSeconds = 10;
void log_line(std::string_view topic, std::string_view text);

// gRPC's own messages name peers: what is left of them is that there were some.
void tame_grpc_log();

}  // namespace conflux::sidecar
