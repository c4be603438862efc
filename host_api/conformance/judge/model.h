// What an onlooker knows of instances, tunnels and legs from the calls alone.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "host_api/conformance/judge/call.h"

namespace mpath::judge {

struct LegModel {
  std::uint64_t ordinal = 0;
  std::uint64_t data_sent = 0;  // by the last view
  bool removed = false;         // leg_remove was called
  bool gone = false;            // LEG_GONE was told
  bool result_told = false;
};

struct TunnelModel {
  std::uint64_t ordinal = 0;
  unsigned process = 0;  // generation of fork()
  bool multi_path = false;
  bool ready = false;   // READY was told
  bool closed = false;  // told by an event or a status, or asked for
  bool closed_told = false;
  std::uint32_t hops = 0;  // of the first leg
  std::map<mpath_leg_id, LegModel> legs;
  std::multimap<std::uint64_t, mpath_leg_id> held;  // tokens -> the leg that carried them
  std::uint64_t last_now_us = 0;
  std::uint64_t deadline_us = MPATH_NEVER;         // that the last poll named
  std::uint64_t undrained_since_us = MPATH_NEVER;  // tokens wait for drain()
  std::uint64_t unpolled_since_us = MPATH_NEVER;   // something may wait for poll()
  // MPATH-H-23: a cell that `receive` had no memory for.
  bool retry = false;
  mpath_leg_id retry_leg = 0;
  std::uint64_t retry_token = 0;
  std::uint8_t retry_command = 0;
  // Who is inside an [owner] function now.
  unsigned inside = 0;

  [[nodiscard]] bool is_live(mpath_leg_id leg) const {
    const auto found = legs.find(leg);
    return found != legs.end() && !found->second.gone && !found->second.removed;
  }
};

struct InstanceModel {
  std::uint64_t ordinal = 0;
  bool closed = false;
  std::uint64_t last_tick_us = 0;
  std::uint64_t tunnels_made = 0;
  std::map<mpath_tunnel_id, TunnelModel> tunnels;
  std::set<mpath_tunnel_id> destroyed;
};

// Not thread-safe: whoever owns it locks.
class Model {
 public:
  // nullptr if it was never opened.
  [[nodiscard]] InstanceModel* instance(const mpath_instance* instance);
  // nullptr if it is not alive.
  [[nodiscard]] TunnelModel* tunnel(const Call& call);
  // Takes over what a call that has returned has changed.
  void update(const Call& call, mpath_status status, unsigned process);

 private:
  void update_instance(const Call& call, InstanceModel& instance, unsigned process);
  static void update_legs(const Call& call, TunnelModel& tunnel);
  static void update_cells(const Call& call, mpath_status status, TunnelModel& tunnel);
  static void update_drained(const Call& call, TunnelModel& tunnel);
  static void update_polled(const Call& call, TunnelModel& tunnel);

  std::map<const mpath_instance*, InstanceModel> instances_;
  std::uint64_t opened_ = 0;  // so far: an address may be used again
};

}  // namespace mpath::judge
