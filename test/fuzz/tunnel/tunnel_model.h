// What an attentive host knows of one tunnel from what it told the plugin and what it was told. It
// never looks inside; each note_ checks one answer against the contract and ends the run if that is
// broken.
#pragma once

#include <mpath/plugin.h>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace conflux::fuzz {

inline constexpr std::uint8_t kData = 2;
inline constexpr std::uint8_t kLink = 19;
inline constexpr std::uint8_t kLinked = 20;
inline constexpr std::uint8_t kLinkedAck = 21;
inline constexpr std::uint8_t kSwitch = 22;

[[nodiscard]] bool is_signalling(std::uint8_t command);
// Counts when it goes to or comes from the join point. Spec: prop329 [SEQUENCING].
[[nodiscard]] bool is_sequenced(std::uint8_t command);

// A cell of an honest exit, on its way.
struct WireCell {
  std::uint8_t command;
  std::uint32_t delta;  // SWITCH
};

struct LegModel {
  mpath_leg_id id = 0;
  std::uint64_t cookie = 0;
  std::uint32_t sendme_inc = 0;
  mpath_leg_view view{};
  bool live = true;
  // The handshake, as told and as taken.
  bool begun = false;
  bool link_told = false;
  bool linked = false;  // its LINKED was taken
  bool ack_told = false;
  bool result_told = false;
  bool gone_told = false;
  // Absolute sequence numbers, and what this leg itself carried.
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t carried_out = 0;
  std::uint64_t carried_in = 0;
  bool awaits_cell = false;  // after a SWITCH
  // An honest exit's side of it.
  std::uint64_t exit_sent = 0;
  std::deque<WireCell> wire;
};

struct TunnelBirth {
  mpath_tunnel_id id;
  std::uint64_t cookie;
  std::uint64_t reorder_limit;  // bytes, the plugin's share included
  std::uint64_t high_water;     // bytes without it
  std::uint64_t low_water;
  std::optional<std::array<std::uint8_t, MPATH_SEED_LEN>> seed;
};

class TunnelModel {
 public:
  TunnelModel(const TunnelBirth& birth, const LegModel& first);

  // From now on the exit may break rules: until then nothing may close the tunnel for that.
  void note_hostile() { hostile_ = true; }
  // After every call on the tunnel, first of all.
  void note_state(const mpath_tunnel_info& info);
  // Answers of the plugin.
  void note_added(std::span<const LegModel> legs);
  void note_begun(mpath_leg_id leg);
  // `verdict`: what loss_of() said before the call.
  void note_removed(mpath_leg_id leg, std::uint32_t verdict);
  void note_receive(const mpath_cell& cell, mpath_status status, const mpath_receipt& receipt,
                    bool timed_out);
  void note_route(const mpath_route_request& request, const mpath_grant& grant);
  void note_drain(std::span<const mpath_token> tokens, bool left, bool was_closed);
  void note_events(std::span<const mpath_event> events, std::uint32_t backlog);
  // After every call on the tunnel, last of all.
  void check_info(const mpath_tunnel_info& info) const;
  void check_leg(const mpath_leg_info& info) const;
  // All has been polled and drained.
  void check_end() const;

  [[nodiscard]] LegModel* find(mpath_leg_id leg);
  // Why the tunnel closes if this leg goes for `reason`; NONE if it lives on. See ABI.md, "What the
  // loss of a leg does".
  [[nodiscard]] std::uint32_t loss_of(const LegModel& leg, std::uint32_t reason,
                                      mpath_leg_id primary) const;
  [[nodiscard]] bool has_tokens() const;

  [[nodiscard]] mpath_tunnel_id id() const { return birth_.id; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool multi_path() const { return multi_path_; }
  [[nodiscard]] std::uint8_t join_hop() const { return join_hop_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  // Of all that is held, with the plugin's share.
  [[nodiscard]] std::uint64_t footprint() const { return held_bytes_ + kOwnShare * held_.size(); }
  [[nodiscard]] std::uint64_t largest_cell() const { return largest_cell_; }
  [[nodiscard]] const std::optional<std::array<std::uint8_t, 32>>& nonce() const { return nonce_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

  std::vector<LegModel> legs;  // all that ever were
  std::uint64_t exit_sent = 0;

 private:
  static constexpr std::uint64_t kOwnShare = 32;
  struct Held {
    std::uint64_t seq;
    mpath_leg_id leg;
    std::uint32_t cost;
  };

  void note_sequenced(const mpath_cell& cell, mpath_status status);
  void note_signalling(const mpath_cell& cell, bool timed_out);
  void release(const mpath_token& token);
  void note_water();
  void note_one_shot(const mpath_event& event);
  void note_send_cell(const mpath_event& event, LegModel& leg);
  void note_level(const mpath_event& event, std::uint32_t backlog);

  TunnelBirth birth_;
  std::optional<std::array<std::uint8_t, 32>> nonce_;
  bool multi_path_ = false;
  std::uint8_t join_hop_ = MPATH_HOP_NONE;
  bool hostile_ = false;
  bool closed_ = false;
  std::uint32_t close_reason_ = 0;
  bool closed_told_ = false;
  bool ready_told_ = false;
  bool pressure_ = false;
  bool pressure_told_ = false;
  bool discarding_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t largest_cell_ = 0;
  std::map<std::uint64_t, Held> held_;                 // by token
  std::multimap<std::uint64_t, std::uint64_t> ahead_;  // sequence number -> token
};

}  // namespace conflux::fuzz
