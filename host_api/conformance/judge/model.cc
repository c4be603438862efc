#include "host_api/conformance/judge/model.h"

#include <algorithm>

namespace mpath::judge {
namespace {

bool is_closed_status(mpath_status status) {
  return status <= MPATH_E_PROTOCOL && status > MPATH_E_NO_MEMORY;
}

void close(TunnelModel& tunnel, std::uint64_t now_us) {
  if (!tunnel.held.empty()) {
    tunnel.undrained_since_us = std::min(tunnel.undrained_since_us, now_us);
  }
  tunnel.closed = true;
  tunnel.retry = false;
}

}  // namespace

InstanceModel* Model::instance(const mpath_instance* instance) {
  const auto found = instances_.find(instance);
  return found == instances_.end() ? nullptr : &found->second;
}

TunnelModel* Model::tunnel(const Call& call) {
  InstanceModel* const owner = instance(call.instance);
  if (owner == nullptr || !call.info().of_tunnel) return nullptr;
  const auto found = owner->tunnels.find(call.tunnel);
  return found == owner->tunnels.end() ? nullptr : &found->second;
}

void Model::update(const Call& call, mpath_status status, unsigned process) {
  if (call.slot == Slot::kInstanceOpen) {
    if (status != MPATH_OK || call.out_instance == nullptr) return;
    InstanceModel opened;
    opened.ordinal = ++opened_;
    instances_[*call.out_instance] = std::move(opened);
    return;
  }
  InstanceModel* const owner = instance(call.instance);
  if (owner == nullptr) return;
  if (call.info().of_tunnel) {
    TunnelModel* const tunnel = this->tunnel(call);
    if (tunnel == nullptr) return;
    if (call.info().has_time) tunnel->last_now_us = std::max(tunnel->last_now_us, call.now_us);
    if (call.info().owner && is_closed_status(status)) close(*tunnel, tunnel->last_now_us);
    if (call.slot == Slot::kReceive) update_cells(call, status, *tunnel);
    if (status < 0) return;
    if (call.slot == Slot::kTunnelDestroy) {
      owner->destroyed.insert(call.tunnel);
      owner->tunnels.erase(call.tunnel);
      return;
    }
    update_legs(call, *tunnel);
    if (call.slot == Slot::kDrain) update_drained(call, *tunnel);
    if (call.slot == Slot::kPoll) update_polled(call, *tunnel);
  } else if (status >= 0) {
    update_instance(call, *owner, process);
  }
}

void Model::update_instance(const Call& call, InstanceModel& instance, unsigned process) {
  if (call.slot == Slot::kInstanceClose) instance.closed = true;
  if (call.slot == Slot::kInstanceTick) {
    instance.last_tick_us = std::max(instance.last_tick_us, call.now_us);
  }
  if (call.slot != Slot::kTunnelCreate) return;
  TunnelModel tunnel;
  tunnel.ordinal = ++instance.tunnels_made;
  tunnel.process = process;
  tunnel.hops = call.params->first_leg->path.count;
  tunnel.multi_path = (call.params->first_leg->flags & MPATH_LEG_FOUNDS_SET) != 0;
  tunnel.legs[*call.out_leg] = {.ordinal = 1};
  instance.tunnels[*call.out_ids] = std::move(tunnel);
}

void Model::update_legs(const Call& call, TunnelModel& tunnel) {
  const auto changed = [&] {
    tunnel.unpolled_since_us = std::min(tunnel.unpolled_since_us, call.now_us);
  };
  if (call.slot == Slot::kLegsAdd) {
    tunnel.multi_path = true;
    for (std::uint32_t i = 0; i < call.count; ++i) {
      const std::uint64_t ordinal = tunnel.legs.size() + 1;
      tunnel.legs[call.out_ids[i]] = {.ordinal = ordinal};
    }
  }
  if (call.slot == Slot::kLegSetPath) tunnel.hops = call.path->count;
  if (call.slot == Slot::kLegTakeSingle || call.slot == Slot::kTunnelClose) {
    close(tunnel, call.now_us);
    changed();
  }
  if (call.slot == Slot::kLegRemove) tunnel.legs[call.leg].removed = true;
  if (call.slot == Slot::kLegRemove || call.slot == Slot::kLink) changed();
}

void Model::update_cells(const Call& call, mpath_status status, TunnelModel& tunnel) {
  if (call.cell == nullptr) return;
  if (status == MPATH_E_NO_MEMORY) {
    tunnel.retry = true;
    tunnel.retry_leg = call.cell->leg;
    tunnel.retry_token = call.cell->token;
    tunnel.retry_command = call.cell->command;
  } else if (tunnel.retry && call.cell->leg == tunnel.retry_leg) {
    tunnel.retry = false;
  }
  if (status == MPATH_HELD) tunnel.held.emplace(call.cell->token, call.cell->leg);
  if (status == MPATH_CONSUMED || status <= MPATH_E_PROTOCOL) {
    tunnel.unpolled_since_us = std::min(tunnel.unpolled_since_us, call.now_us);
  }
  if (status >= 0 && call.out_as<mpath_receipt>()->ready != 0) {
    tunnel.undrained_since_us = std::min(tunnel.undrained_since_us, call.now_us);
  }
}

void Model::update_drained(const Call& call, TunnelModel& tunnel) {
  const auto* const out = call.out_as<mpath_tokens>();
  for (std::uint32_t i = 0; i < out->count; ++i) {
    const auto held = tunnel.held.find(strided(out->items, out->stride, i)->token);
    if (held != tunnel.held.end()) tunnel.held.erase(held);
  }
  if (out->left == 0) tunnel.undrained_since_us = MPATH_NEVER;
}

void Model::update_polled(const Call& call, TunnelModel& tunnel) {
  const auto* const out = call.out_as<mpath_events>();
  tunnel.unpolled_since_us = MPATH_NEVER;
  tunnel.deadline_us = out->next_deadline_us;
  for (std::uint32_t i = 0; i < out->count; ++i) {
    const mpath_event& event = *strided(out->items, out->stride, i);
    if (event.kind == MPATH_EVENT_READY) tunnel.ready = true;
    if (event.kind == MPATH_EVENT_CLOSED) {
      close(tunnel, call.now_us);
      tunnel.closed_told = true;
    }
    const auto leg = tunnel.legs.find(event.leg);
    if (leg == tunnel.legs.end()) continue;
    if (event.kind == MPATH_EVENT_LEG_GONE) leg->second.gone = true;
    if (event.kind == MPATH_EVENT_LINK_RESULT) leg->second.result_told = true;
  }
}

}  // namespace mpath::judge
