#include "test/sim/inspect.h"

#include "plugin/abi/guarded.h"

namespace sim {

bool is_consistent(mpath_instance* instance, mpath_tunnel_id tunnel) {
  const conflux::TunnelSlot* slot = instance->impl.tunnels().find(tunnel);
  return slot != nullptr && !slot->is_poisoned() && slot->tunnel->is_consistent();
}

}  // namespace sim
