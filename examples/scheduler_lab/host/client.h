// A client: legs with Vegas, a tunnel over them, and what its applications send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mpath/plugin.hpp>
#include <optional>
#include <string>
#include <vector>

#include "examples/onion_proxy/circuit/vegas.h"
#include "examples/scheduler_lab/host/plugin_tunnel.h"
#include "examples/scheduler_lab/host/receiver.h"
#include "examples/scheduler_lab/net/network.h"
#include "examples/scheduler_lab/traffic/traffic.h"

namespace scheduler_lab {

struct ClientOptions {
  std::size_t number = 0;  ///< unique in the network
  std::vector<LegSpec> legs;
  std::vector<TrafficSpec> traffic;
  Time rebuild = kSecond;
  mpath::Instance* instance = nullptr;  ///< only used with several legs
};

/// What has come of one leg.
struct LegReport {
  std::uint64_t cells = 0;  ///< DATA cells sent
  std::uint64_t cwnd = 0;
  std::uint64_t rtt_us = 0;
};

class Client {
 public:
  /// What one run of the simulation shares.
  struct Environment {
    Engine& engine;
    Network& network;
    ControlBodies& bodies;
  };

  Client(const Environment& environment, ClientOptions options, Random random);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start();

  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  [[nodiscard]] std::size_t held_cells() const { return receiver_ ? receiver_->held_cells() : 0; }
  [[nodiscard]] std::uint64_t held_bytes() const { return receiver_ ? receiver_->held_bytes() : 0; }
  [[nodiscard]] std::vector<LegReport> legs() const;
  [[nodiscard]] std::uint64_t switches() const;
  [[nodiscard]] std::uint64_t tunnels_lost() const { return tunnels_lost_; }
  /// Whenever what the exit holds back may have changed: after each DATA cell that reached it, and
  /// when the tunnel is lost.
  void on_change(Engine::Action action) { change_ = std::move(action); }

 private:
  struct Leg {
    LegSpec spec;
    Network::Path path;
    std::uint32_t circuit = 0;  ///< 0: not part of the tunnel
    onion_proxy::Vegas vegas;
    std::deque<Time> sent_at{};  ///< of cells that a SENDME will acknowledge
    std::uint64_t sent = 0;      ///< DATA cells of this circuit
    std::uint64_t acked = 0;
    std::uint64_t total = 0;  ///< DATA cells of all circuits of the leg
    bool dead = false;
  };

  void build();
  void open(Leg& leg);
  void wake();
  void turn();
  bool send_batch();
  [[nodiscard]] PluginTunnel::Grant route(std::size_t want);
  void send_data(Leg& leg, std::size_t count);
  void send_control(std::size_t at, const mpath_control_cell& cell);
  void handle(Leg& leg, const Cell& cell);
  void handle_sendme(Leg& leg);
  void poll();
  void lose_leg(std::size_t leg);
  void lose_tunnel();
  TunnelFacts facts();
  Leg& leg_of_tunnel(std::size_t at) { return legs_[members_[at]]; }

  Engine& engine_;
  Network& network_;
  ControlBodies& bodies_;
  ClientOptions options_;
  Random random_;
  Traffic traffic_;
  std::deque<Leg> legs_;
  std::vector<std::size_t> members_;      ///< legs of the tunnel, in the order of their joining
  std::unique_ptr<PluginTunnel> tunnel_;  ///< none with a single leg
  std::unique_ptr<Receiver> receiver_;
  std::vector<LegFacts> facts_;
  std::vector<Chunk> contents_;  ///< of DATA cells, by number
  std::vector<Cell> batch_;
  Engine::Action change_;
  std::uint64_t tunnels_lost_ = 0;
  std::uint64_t old_switches_ = 0;
  Time poll_at_ = UINT64_MAX;
  bool up_ = false;
  bool turn_due_ = false;
};

}  // namespace scheduler_lab
