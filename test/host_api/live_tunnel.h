// The real conflux.so, opened through its bare table, with one tunnel of two linked legs.
#pragma once

#include <mpath/plugin.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace conflux::test {

// The function table of the built conflux.so. Aborts if there is none.
const mpath_plugin_table& conflux_table();
mpath_negotiate_fn conflux_entry();
// With the default configuration.
mpath_instance* open_instance();

// Relay commands, by their numbers in tor-spec.
inline constexpr std::uint8_t kData = 2;
inline constexpr std::uint8_t kLinked = 20;
inline constexpr std::uint8_t kJoinHop = 2;

class LiveTunnel {
 public:
  struct Options {
    bool linked = true;                // false: a single-path tunnel of the first leg only
    mpath_instance* shared = nullptr;  // nullptr: opens one of its own, with the defaults
    std::uint8_t seed = 7;             // its first byte; the others are zero
  };

  explicit LiveTunnel(const Options& options);
  explicit LiveTunnel(bool linked = true) : LiveTunnel(Options{.linked = linked}) {}
  ~LiveTunnel();
  LiveTunnel(const LiveTunnel&) = delete;
  LiveTunnel& operator=(const LiveTunnel&) = delete;

  [[nodiscard]] mpath_leg_views views() const;
  [[nodiscard]] mpath_tunnel_info info() const;
  [[nodiscard]] mpath_route_request data_request() const;
  [[nodiscard]] mpath_cell data_cell(std::uint64_t token) const;
  [[nodiscard]] mpath_leg_params leg_params(std::size_t leg) const;
  // Polls with plenty of room.
  std::span<const mpath_event> poll();
  // The far end skips `count` cells on the second leg.
  mpath_status receive_switch(std::uint8_t count);
  // A DATA cell arrives on leg 0 or 1. `ready` (may be null): are there tokens to drain?
  mpath_status receive_data(std::size_t leg, std::uint64_t token, bool* ready = nullptr);
  // All tokens that are to be had now, with their verdicts.
  std::vector<mpath_token> drain();
  // The LINK that was sent on the first leg.
  [[nodiscard]] const mpath_control_cell& link_cell() const { return link_; }

  const mpath_plugin_table& table = conflux_table();
  mpath_instance* instance = nullptr;
  mpath_tunnel_id tunnel = 0;
  std::array<mpath_leg_id, 2> legs{};
  std::uint64_t now_us = 1'000'000;
  const mpath_leg_params first_params = leg_params(0);

 private:
  void join_and_link();
  void answer_link(const mpath_event& link);
  void look() const;

  bool owns_instance_ = false;
  mpath_control_cell link_{};
  mutable std::array<mpath_leg_view, 2> views_{};
  std::vector<mpath_event> events_;
};

}  // namespace conflux::test
