// May a Unix socket be made there?
#pragma once

#include <string>

namespace conflux::sidecar {

// Empty, or what is wrong and what to do: the directory is missing, belongs to somebody else or is
// writable for others, who could put a socket of their own in the place of ours; or somebody
// answers on the socket already.
[[nodiscard]] std::string check_socket_place(const std::string& path);

}  // namespace conflux::sidecar
