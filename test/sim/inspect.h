// A look inside: the one thing that the oracle asks and the contract does not tell.
#pragma once

#include <mpath/plugin.h>

namespace sim {

// Do the invariants of the plugin's own classes hold?
[[nodiscard]] bool is_consistent(mpath_instance* instance, mpath_tunnel_id tunnel);

}  // namespace sim
