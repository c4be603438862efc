// The client's end of a multi-path tunnel: the plugin decides through the public C++ layer, this
// class translates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mpath/plugin.hpp>
#include <span>
#include <string>
#include <vector>

#include "examples/scheduler_lab/net/engine.h"
#include "examples/scheduler_lab/net/random.h"

namespace scheduler_lab {

/// What the plugin is told of a leg. Cells are DATA cells.
struct LegFacts {
  std::uint64_t cwnd = 0;
  std::uint64_t inflight = 0;
  std::uint64_t ewma_rtt_us = 0;
  std::uint64_t last_rtt_us = 0;
  std::uint64_t channel_queue = 0;
  std::uint64_t data_sent = 0;
  std::uint64_t data_acked = 0;
  bool slow_start = false;
  bool channel_blocked = false;
  bool gone = false;
};

struct TunnelFacts {
  std::span<const LegFacts> legs;  ///< in the order of their joining
  std::uint32_t backlog = 0;
};

class PluginTunnel {
 public:
  using SendControl = std::function<void(std::size_t leg, const mpath_control_cell&)>;

  /// Joins the legs, at least two. `instance` outlives this. Throws Broken, as everything here.
  PluginTunnel(mpath::Instance& instance, const TunnelFacts& facts, SendControl send,
               Random& random);

  /// Asks the exit to link them.
  void link(Time now);

  struct Grant {
    std::size_t leg = 0;
    std::size_t cells = 0;  ///< 0: wait
  };
  /// A SWITCH has then been sent.
  Grant route(std::size_t want, const TunnelFacts& facts, Time now);
  void receive(std::size_t leg, const mpath_control_cell& cell, Time now);
  void lose(std::size_t leg, const TunnelFacts& facts, Time now);

  struct News {
    bool closed = false;
    std::string reason{};
    Time next_deadline = MPATH_NEVER;
  };
  News poll(const TunnelFacts& facts, Time now);

  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] std::uint64_t switches() const;

 private:
  mpath::Views views(const TunnelFacts& facts);
  [[nodiscard]] std::size_t index_of(mpath_leg_id leg) const;
  void check(mpath::Status status, const char* what) const;
  void handle(const mpath_event& event, const TunnelFacts& facts, Time now, News& news);

  mpath::Instance& instance_;
  mpath::Tunnel tunnel_;
  SendControl send_;
  std::vector<mpath_leg_id> ids_;  ///< 0: gone
  std::vector<mpath_leg_view> views_;
  mpath::EventBuffer events_;
  bool ready_ = false;
};

}  // namespace scheduler_lab
