// What `--check-network` prints.
#pragma once

#include <string>

#include "examples/onion_proxy/directory/network_view.h"

namespace onion_proxy {

/// Several lines: relays, exits, parameters that matter here, and what would keep `legs` legs from
/// working; without a number, as many as profile stock builds.
std::string summarise_network(const NetworkView& network, std::optional<size_t> legs);

}  // namespace onion_proxy
