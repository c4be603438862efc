// What `--check-network` prints.
#pragma once

#include <string>

#include "examples/onion_proxy/directory/leg_count.h"
#include "examples/onion_proxy/directory/network_view.h"

namespace onion_proxy {

/// Several lines: relays, exits, parameters that matter here, and what would keep as many legs as
/// the proxy would build there from working.
std::string summarise_network(const NetworkView& network, const LegCount& count);

}  // namespace onion_proxy
