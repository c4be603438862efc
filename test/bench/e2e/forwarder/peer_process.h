// Which program opened a connection on loopback: what /proc tells of it.
#pragma once

#include <cstdint>
#include <string>

namespace delay_forwarder {

/// The command line, blanks between its words, of the process of this user (of any, for root) whose
/// socket goes from `its_port` to `our_port` on 127.0.0.1. Empty when there is none. A few ms.
std::string command_of_peer(uint16_t its_port, uint16_t our_port);

}  // namespace delay_forwarder
