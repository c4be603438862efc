// One instance of the plugin, a few tunnels, and a host that reads what to do from the fuzzer's
// bytes: honest steps, mistakes, and whatever a hostile exit may send.
#pragma once

#include <mpath/plugin.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "test/fuzz/support/exact.h"
#include "test/fuzz/support/input.h"
#include "test/fuzz/tunnel/ops.h"
#include "test/fuzz/tunnel/tunnel_model.h"

namespace conflux::fuzz {

class World {
 public:
  explicit World(Input in);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Reads steps until the bytes end, then closes, drains and destroys everything.
  void run();

 private:
  static constexpr std::size_t kTunnels = 4;
  using Slot = std::optional<TunnelModel>;
  // Cells that an honest exit has under way on a leg, at most. It knows of no other window.
  static constexpr std::size_t kExitWindow = 124;

  // What is unusual about the arguments of one call.
  enum class Oddity : std::uint8_t { kNone, kViews, kSizes, kTime };
  // Does somebody ask the plugin about the tunnel around a call? What it has put off until then (a
  // leg that is not told yet what it received) must show in nothing.
  enum class Eyes : std::uint8_t { kOpen, kShut };
  // A circuit as the host describes it.
  struct Path {
    std::vector<mpath_hop> hops;
    std::uint32_t cwnd_init = kExitWindow;
    std::uint32_t sendme_inc = 31;
    std::uint32_t flags = 0;
    bool founds_set = false;  // if it is a tunnel's first
  };
  // Views of all legs of a tunnel, alive for one call.
  struct Views {
    ExactArray<mpath_leg_view> items;
    mpath_leg_views head;
    bool complete;  // each leg once
  };

  void step();
  void step_tunnel(TunnelModel& tunnel, Op op, Oddity oddity);
  void turn_clock();

  // Instance: world.cc.
  void open_instance();
  void reload();
  void shed();
  void tick();
  void drain_log();
  void check_instance();
  void finish();

  // Life and legs: world_calls.cc.
  void create(Slot& slot);
  void destroy(Slot& slot);
  void establish(Slot& slot);
  void add_legs(Slot& slot, Oddity oddity);
  void link(TunnelModel& tunnel);
  void remove_leg(TunnelModel& tunnel, Oddity oddity);
  void take_single(TunnelModel& tunnel, Oddity oddity);
  void close(TunnelModel& tunnel);
  void set_path(TunnelModel& tunnel);
  void set_view(TunnelModel& tunnel);
  void padding(TunnelModel& tunnel);
  void ask(TunnelModel& tunnel, Oddity oddity);
  void poll(TunnelModel& tunnel, Oddity oddity);
  void poll_whole(TunnelModel& tunnel);

  // Cells: world_cells.cc.
  void receive_any(TunnelModel& tunnel, Oddity oddity);
  void receive_burst(TunnelModel& tunnel);
  void receive_linked(TunnelModel& tunnel, LegModel& leg, std::size_t changed_byte);
  void exit_sends(TunnelModel& tunnel);
  void exit_delivers(TunnelModel& tunnel);
  void exit_delivers_unseen(TunnelModel& tunnel);
  void deliver(TunnelModel& tunnel, mpath_leg_id leg, std::size_t count, Eyes eyes);
  void receive(TunnelModel& tunnel, const mpath_cell& cell, Oddity oddity, Eyes eyes = Eyes::kOpen);
  void drain(TunnelModel& tunnel, std::uint32_t capacity, Oddity oddity, Eyes eyes = Eyes::kOpen);
  void route(TunnelModel& tunnel, Oddity oddity);
  void can_read(TunnelModel& tunnel, Oddity oddity);

  // Calls that only a broken host makes: world_misuse.cc.
  void misuse();
  void misuse_negotiation();

  // Arguments.
  Path read_path();
  static void note_path(TunnelModel& tunnel, const Path& path);
  mpath_leg_id read_leg(TunnelModel& tunnel);
  Views views(TunnelModel& tunnel, Oddity oddity);
  std::uint64_t now(Oddity oddity);
  template <class T>
  std::size_t size_of(Oddity oddity) {
    if (oddity != Oddity::kSizes) return sizeof(T);
    return sizeof(T) - std::min<std::size_t>(sizeof(T), 24) + in_.below(64);
  }
  template <class T>
  std::uint32_t stride_of(Oddity oddity) {
    return static_cast<std::uint32_t>(oddity == Oddity::kSizes ? size_of<T>(oddity) : sizeof(T));
  }

  // Around every call on a tunnel: what misuse must leave as it was, and what must hold always.
  struct Before {
    mpath_tunnel_info info;
    bool closed;
  };
  Before before(TunnelModel& tunnel);
  mpath_tunnel_info after(TunnelModel& tunnel, const Before& before, mpath_status status);
  void check(TunnelModel& tunnel, const mpath_tunnel_info& info);
  mpath_tunnel_info info(mpath_tunnel_id tunnel);
  std::uint32_t leg_state(const TunnelModel& tunnel, mpath_leg_id leg);
  void check_leg(TunnelModel& tunnel, mpath_leg_id leg);

  Input in_;
  const mpath_plugin_table& table_;
  mpath_instance* instance_ = nullptr;
  std::array<Slot, kTunnels> tunnels_;
  std::vector<mpath_tunnel_id> dead_;
  std::uint64_t now_us_ = 1'000'000'000;
  std::uint64_t latest_us_ = 0;
  std::uint64_t next_token_ = 1;
  std::uint64_t next_cookie_ = 1;
  std::uint64_t tunnel_limit_ = 0;   // of tunnels made from now on
  std::uint64_t process_limit_ = 0;  // the largest that ever was
  std::uint32_t backlog_ = 8;
};

// Not a bug of the plugin, nor out of memory: what no call may ever answer.
void check_status(mpath_status status);
[[nodiscard]] bool is_misuse(mpath_status status);
[[nodiscard]] const mpath_plugin_table& conflux_table();

}  // namespace conflux::fuzz
