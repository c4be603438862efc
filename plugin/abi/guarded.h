// The edge: no exception crosses, no bug of ours takes the host down.
#pragma once

#include <mpath/plugin.h>

#include <exception>
#include <new>
#include <utility>

#include "plugin/abi/instance.h"

// The contract's opaque type.
struct mpath_instance final {
  conflux::Instance impl;
};

namespace conflux {

// For calls on an instance. There is no state of ours to be left half changed but what the call
// itself protects.
template <class Call>
[[nodiscard]] mpath_status guarded(Call&& call) noexcept {
  try {
    return std::forward<Call>(call)();
  } catch (const std::bad_alloc&) {
    return MPATH_E_NO_MEMORY;
  } catch (...) {
    return MPATH_E_POISONED;
  }
}

// A bug was found in this tunnel: nobody may trust its numbers again.
void poison(Instance& instance, TunnelSlot& slot) noexcept;

// For calls on a tunnel: lets the call run, publishes what it changed. `call` takes the tunnel and
// answers a status. A bug of ours poisons this one tunnel.
template <class Call>
[[nodiscard]] mpath_status on_slot(mpath_instance* instance, TunnelSlot& slot,
                                   Call&& call) noexcept {
  if (slot.has_flags()) [[unlikely]] {
    if (slot.is_poisoned()) return MPATH_E_POISONED;
    instance->impl.close_if_marked(slot);
  }
  try {
    const mpath_status status = call(*slot.tunnel);
    instance->impl.settle(slot);
    return status;
  } catch (const std::bad_alloc&) {
    instance->impl.settle(slot);
    return MPATH_E_NO_MEMORY;
  } catch (...) {
    poison(instance->impl, slot);
    return MPATH_E_POISONED;
  }
}

// The same, and finds it first.
template <class Call>
[[nodiscard]] mpath_status on_tunnel(mpath_instance* instance, mpath_tunnel_id id,
                                     Call&& call) noexcept {
  if (instance == nullptr) return MPATH_E_ARGUMENT;
  TunnelSlot* slot = instance->impl.tunnels().find(id);
  return slot == nullptr ? MPATH_E_STALE : on_slot(instance, *slot, std::forward<Call>(call));
}

}  // namespace conflux
