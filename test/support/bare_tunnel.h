// One tunnel of conflux.so through its bare C table, with an exit that answers. Nothing here
// allocates, locks or checks more than it must: it stands under measurements.
#pragma once

#include <mpath/plugin.h>

#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace conflux::test {

// The table of the built conflux.so, or of the one that $CONFLUX_BENCH_PLUGIN names, loaded with
// dlopen at the first call. Aborts without it.
[[nodiscard]] const mpath_plugin_table& conflux_table();

// An instance with as many legs as the ABI allows and generous reorder limits, so that nothing but
// the calls under test decides. `more` is appended below `conflux:`. Aborts if it is refused.
[[nodiscard]] mpath_instance* open_instance(const char* more = "");

inline constexpr std::uint8_t kData = 2;
inline constexpr std::uint8_t kBegin = 1;
inline constexpr std::uint8_t kLinked = 20;
inline constexpr std::uint8_t kSwitch = 22;
inline constexpr std::uint8_t kJoinHop = 2;

// Steps answer the plugin's status. Legs are counted from 0.
class BareTunnel {
 public:
  BareTunnel(mpath_instance* instance, std::uint32_t legs) noexcept;
  // Closes, drains and destroys what there is.
  ~BareTunnel();
  BareTunnel(const BareTunnel&) = delete;
  BareTunnel& operator=(const BareTunnel&) = delete;

  // All steps to a tunnel whose legs are linked; aborts if one fails.
  void build() noexcept;

  mpath_status create() noexcept;
  mpath_status add_legs() noexcept;
  // One more, like the first.
  mpath_status add_one_leg() noexcept;
  mpath_status link() noexcept;
  mpath_status poll() noexcept;
  mpath_status linked(std::uint32_t leg) noexcept;
  mpath_status destroy() noexcept;
  mpath_status close() noexcept { return table_.tunnel_close(instance_, id_, now_us); }

  mpath_status route(std::uint32_t want = 1, std::uint8_t command = kData) noexcept;
  mpath_status receive(std::uint32_t leg, std::uint64_t token) noexcept;
  mpath_status receive_switch(std::uint32_t leg, std::uint32_t delta) noexcept;
  // Answers how many tokens came; they are in `tokens`.
  std::uint32_t drain() noexcept;

  // Leg 1 gets `held` cells ahead of leg 0, which brings the missing one; then all are drained.
  // Says whether each call answered what it should.
  bool hold_and_drain(std::uint32_t held) noexcept;
  // The second half of that: `held` cells wait, whatever legs but leg 0 brought them.
  bool bring_missing_and_drain(std::uint32_t held) noexcept;

  // What route() and receive() pass to the table, for loops that call it themselves.
  [[nodiscard]] static mpath_route_request route_request(std::uint32_t want,
                                                         std::uint8_t command = kData) noexcept;
  [[nodiscard]] static mpath_cell data_cell(mpath_leg_id leg, std::uint64_t token) noexcept;
  [[nodiscard]] mpath_leg_views leg_views() const noexcept;

  // The tunnel becomes the caller's: this object forgets it.
  mpath_tunnel_id release() noexcept { return std::exchange(id_, 0); }

  [[nodiscard]] mpath_tunnel_id id() const noexcept { return id_; }
  [[nodiscard]] mpath_leg_id leg(std::uint32_t index) const noexcept { return views[index].leg; }
  [[nodiscard]] mpath_tunnel_info info() const noexcept;

  std::array<mpath_leg_view, MPATH_LEGS_MAX> views{};
  std::array<mpath_token, 256> tokens{};
  std::array<mpath_event, MPATH_EVENTS_MAX> events{};
  mpath_events told{};
  mpath_grant grant{};
  mpath_receipt receipt{};
  std::uint64_t now_us = 1'000'000;

 private:
  mpath_status receive_body(std::uint32_t leg, std::uint8_t command,
                            std::span<const std::uint8_t> body) noexcept;

  const mpath_plugin_table& table_;
  mpath_instance* instance_;
  std::uint32_t leg_count_;
  std::uint32_t known_legs_ = 0;
  // What the others carried since leg 0 brought a cell: its next SWITCH skips that.
  std::uint32_t leg_0_behind_ = 0;
  mpath_tunnel_id id_ = 0;
  std::array<mpath_hop, 3> hops_{};
  std::array<mpath_leg_params, MPATH_LEGS_MAX> params_{};
};

}  // namespace conflux::test
