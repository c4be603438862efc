// What the sidecar says of itself, on standard error: for journald, or a person.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conflux::sidecar {

// One line. Thread-safe. Of each `topic` at most kLogBurst lines are written in kLogSpan; the next
// one after that says how many were left out. Topics beyond kLogTopics in that time share one: who
// makes up names (of regions) fills neither the log nor memory. Nothing that identifies anybody
// goes in here: no address, no identity, no id of a tunnel.
inline constexpr int kLogBurst = 10;
inline constexpr int kLogSpanSeconds = 10;
inline constexpr std::size_t kLogTopics = 80;  // more than regions, and some
void log_line(std::string_view topic, std::string_view text);

// gRPC's own messages name peers: what is left of them is that there were some. `on_deaf` is called
// when one says that a server listens no more; from a thread of gRPC's that holds its locks, so it
// must not call gRPC.
void tame_grpc_log(void (*on_deaf)());

// gRPC 1.51, Debian 12's, gives up a listening socket for good when accepting fails, as it does
// when there is no file descriptor left (CVE-2023-4785), and says so in its log and nowhere else.
[[nodiscard]] bool tells_of_a_deaf_server(std::string_view file, std::string_view message);

}  // namespace conflux::sidecar
