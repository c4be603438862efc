// `onion-proxy --check-network`: is this network usable, and if not, what is wrong with it?
#pragma once

#include "examples/onion_proxy/app/options.h"
#include "examples/onion_proxy/base/log.h"
#include "examples/onion_proxy/directory/leg_count.h"

namespace onion_proxy {

/// Reads the trust root named by `--authorities`.
Result<std::vector<Authority>> load_authorities(const std::string& path);

/// Fetches and verifies the directory, links to every relay, prints to standard output whether as
/// many legs as `legs` says would work there.
/// Runs its own event loop. Returns the exit status: 0 if the directory verified and at least one
/// relay could be linked to, else 1.
int check_network(const Options& options, const LegCount& legs, const Logger& log);

}  // namespace onion_proxy
