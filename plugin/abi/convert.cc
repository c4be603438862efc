#include "plugin/abi/convert.h"

#include <algorithm>

#include "plugin/types/limits.h"

namespace conflux {

static_assert(kLegsMax == MPATH_LEGS_MAX && kHopsMax == MPATH_HOPS_MAX);

mpath_status to_path(const mpath_path& path, LegPath& out) noexcept {
  if (path.count > kHopsMax || (path.hops == nullptr && path.count > 0)) return MPATH_E_ARGUMENT;
  out = {};
  if (path.count == 0) return MPATH_OK;
  if (!fits_stride<mpath_hop>(path.stride)) return MPATH_E_SIZE;
  if (path.cwnd_init == 0 || path.sendme_inc == 0) return MPATH_E_ARGUMENT;
  for (std::size_t i = 0; i < path.count; ++i) {
    const mpath_hop& hop = *strided(path.hops, path.stride, i);
    if (hop.kind != MPATH_HOP_RELAY && hop.kind != MPATH_HOP_VIRTUAL) return MPATH_E_ARGUMENT;
    if (hop.congestion_control > MPATH_CC_VEGAS) return MPATH_E_ARGUMENT;
    if (hop.congestion_control == MPATH_CC_FIXED_WINDOW) {
      out.fixed_window_hops = static_cast<std::uint16_t>(out.fixed_window_hops | 1U << i);
    }
    out.last_hop = RelayTag{hop.relay_tag};
    out.last_hop_is_virtual = hop.kind == MPATH_HOP_VIRTUAL;
  }
  out.hop_count = static_cast<std::uint8_t>(path.count);
  out.cwnd_init = Cells{path.cwnd_init};
  out.sendme_inc = Cells{path.sendme_inc};
  return MPATH_OK;
}

mpath_status to_join_request(const mpath_leg_params& params, JoinRequest& out) noexcept {
  constexpr std::uint32_t kKnownFlags =
      MPATH_LEG_EVER_STREAM | MPATH_LEG_EVER_JOINED | MPATH_LEG_FOUNDS_SET;
  if (params.struct_size < kSizeV1<mpath_leg_params>) return MPATH_E_SIZE;
  if ((params.flags & ~kKnownFlags) != 0) return MPATH_E_ARGUMENT;
  out.cookie = Cookie{params.cookie};
  out.ever_stream = (params.flags & MPATH_LEG_EVER_STREAM) != 0;
  out.ever_joined = (params.flags & MPATH_LEG_EVER_JOINED) != 0;
  out.founds_set = (params.flags & MPATH_LEG_FOUNDS_SET) != 0;
  return to_path(params.path, out.path);
}

mpath_control_cell from_control_cell(const ControlCell& cell) noexcept {
  mpath_control_cell out{};
  out.command = static_cast<std::uint8_t>(cell.command);
  out.hop = cell.hop.raw();
  out.length = cell.length;
  std::copy_n(cell.body.begin(), cell.length, out.body);
  return out;
}

mpath_leg_summary summarize(const Leg& leg, LegId primary) noexcept {
  return {.leg = leg.id().raw(),
          .cookie = leg.cookie().raw(),
          .last_hop_tag = leg.path().last_hop.raw(),
          .state = state_number(leg.state()),
          .ordinal = leg.ordinal().raw(),
          .hop_count = leg.path().hop_count,
          .is_primary = leg.id() == primary ? 1U : 0U};
}

mpath_leg_info describe(const Leg& leg, LegId primary) noexcept {
  const std::optional<Micros> rtt = leg.handshake_rtt();
  return {.struct_size = 0,
          .state = state_number(leg.state()),
          .ordinal = leg.ordinal().raw(),
          .hop_count = leg.path().hop_count,
          .is_primary = leg.id() == primary ? 1U : 0U,
          .joined = leg.is<Plain>() ? 0U : 1U,
          .leg = leg.id().raw(),
          .cookie = leg.cookie().raw(),
          .last_hop_tag = leg.path().last_hop.raw(),
          .handshake_rtt_us = rtt ? static_cast<std::uint64_t>(rtt->count()) : MPATH_NEVER,
          .last_seq_sent = leg.sequence().last_sent().raw(),
          .last_seq_received = leg.sequence().last_received().raw(),
          .cells_sent = leg.sequence().carried_out().raw(),
          .cells_received = leg.sequence().carried_in().raw()};
}

}  // namespace conflux
