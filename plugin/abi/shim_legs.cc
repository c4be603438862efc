#include <array>

#include "plugin/abi/convert.h"
#include "plugin/abi/guarded.h"
#include "plugin/abi/shim.h"

namespace conflux::shim {
namespace {

bool is_removal_reason(std::uint32_t reason) noexcept {
  return reason >= MPATH_REASON_HANDSHAKE_TIMEOUT && reason <= MPATH_REASON_RETIRED;
}

}  // namespace

mpath_status leg_set_path(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                          const mpath_path* path) noexcept {
  if (path == nullptr) return MPATH_E_ARGUMENT;
  LegPath leg_path;
  if (const mpath_status status = to_path(*path, leg_path); status != MPATH_OK) return status;
  return on_tunnel(instance, tunnel,
                   [&](Tunnel& it) { return to_status(it.set_path(LegId{leg}, leg_path)); });
}

mpath_status legs_add(mpath_instance* instance, mpath_tunnel_id tunnel,
                      const mpath_leg_params* legs, std::uint32_t count, std::uint32_t stride,
                      const mpath_leg_views* views, mpath_leg_id* out) noexcept {
  if ((legs == nullptr || out == nullptr) && count > 0) return MPATH_E_ARGUMENT;
  if (count > 0 && !fits_stride<mpath_leg_params>(stride)) return MPATH_E_SIZE;
  LegViews leg_views;
  if (const mpath_status status = to_views(views, leg_views); status != MPATH_OK) return status;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    // More than the ABI's maximum is too many whatever they are; one over it says so below.
    const std::size_t taken = std::min<std::size_t>(count, kLegsMax + 1);
    std::array<JoinRequest, kLegsMax + 1> requests;
    std::array<LegId, kLegsMax + 1> ids;
    for (std::size_t i = 0; i < taken; ++i) {
      const mpath_status status = to_join_request(*strided(legs, stride, i), requests[i]);
      if (status != MPATH_OK) return status;
      if (requests[i].founds_set) return MPATH_E_ARGUMENT;  // there is a set already
    }
    const Outcome outcome = it.add_legs({requests.data(), taken}, leg_views, {ids.data(), taken});
    if (outcome == Outcome::kOk) {
      for (std::size_t i = 0; i < taken; ++i) out[i] = ids[i].raw();
    }
    return to_status(outcome);
  });
}

mpath_status link(mpath_instance* instance, mpath_tunnel_id tunnel, std::uint64_t now_us) noexcept {
  if (!is_instant(now_us)) return MPATH_E_ARGUMENT;
  return on_tunnel(instance, tunnel,
                   [&](Tunnel& it) { return to_status(it.link(to_instant(now_us))); });
}

mpath_status leg_remove(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                        std::uint32_t reason, const mpath_leg_views* views,
                        std::uint64_t now_us) noexcept {
  if (!is_instant(now_us) || !is_removal_reason(reason)) return MPATH_E_ARGUMENT;
  LegViews leg_views;
  if (const mpath_status status = to_views(views, leg_views); status != MPATH_OK) return status;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    return to_status(
        it.remove_leg(LegId{leg}, static_cast<Reason>(reason), leg_views, to_instant(now_us)));
  });
}

mpath_status leg_take_single(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_info* out,
                             std::uint64_t now_us) noexcept {
  if (!is_instant(now_us)) return MPATH_E_ARGUMENT;
  if (const mpath_status status = check_sized(out); status != MPATH_OK) return status;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    std::optional<Leg> leg;
    const Outcome outcome = it.take_single_leg(leg, to_instant(now_us));
    if (outcome == Outcome::kOk) write_sized(describe(*leg, leg->id()), out);
    return to_status(outcome);
  });
}

mpath_status leg_single(mpath_instance* instance, mpath_tunnel_id tunnel,
                        mpath_leg_id* out) noexcept {
  if (out == nullptr) return MPATH_E_ARGUMENT;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    const Outcome outcome = it.check_single();
    if (outcome == Outcome::kOk) *out = it.legs()[0].id().raw();
    return to_status(outcome);
  });
}

mpath_status leg_info(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                      mpath_leg_info* out) noexcept {
  if (const mpath_status status = check_sized(out); status != MPATH_OK) return status;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    const std::optional<std::size_t> at = it.legs().index_of(LegId{leg});
    if (!at) return MPATH_E_STALE;
    write_sized(describe(it.legs()[*at], it.sender().primary()), out);
    return MPATH_OK;
  });
}

mpath_status leg_uses_stream_sendme(mpath_instance* instance, mpath_tunnel_id tunnel,
                                    mpath_leg_id leg, std::uint32_t hop,
                                    std::uint32_t* out) noexcept {
  if (out == nullptr || hop >= kHopsMax) return MPATH_E_ARGUMENT;
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    const std::optional<std::size_t> at = it.legs().index_of(LegId{leg});
    if (!at) return MPATH_E_STALE;
    const std::optional<bool> uses =
        it.legs()[*at].path().uses_stream_sendme(HopNum{static_cast<std::uint8_t>(hop)});
    if (!uses) return MPATH_E_ARGUMENT;
    *out = *uses ? 1U : 0U;
    return MPATH_OK;
  });
}

mpath_status padding_event(mpath_instance* instance, mpath_tunnel_id tunnel, mpath_leg_id leg,
                           std::uint32_t action, std::uint64_t now_us) noexcept {
  if (!is_instant(now_us) || action < MPATH_PADDING_SEND || action > MPATH_PADDING_UNBLOCK) {
    return MPATH_E_ARGUMENT;
  }
  return on_tunnel(instance, tunnel, [&](Tunnel& it) {
    return to_status(it.handle_padding(LegId{leg}, action, to_instant(now_us)));
  });
}

}  // namespace conflux::shim
