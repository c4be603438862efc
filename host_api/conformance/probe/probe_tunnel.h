// What the probe is when its script says nothing: a small, well-behaved plugin. It joins and links
// legs, sends on the first linked one, and delivers in the order of arrival.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "host_api/conformance/judge/call.h"

namespace mpath::probe {

struct ProbeLeg {
  mpath_leg_id id = 0;
  std::uint64_t cookie = 0;
  std::uint64_t tag = 0;
  std::uint64_t link_sent_us = 0;
  std::uint64_t rtt_us = MPATH_NEVER;
  std::uint32_t state = MPATH_LEG_PLAIN;
  std::uint32_t ordinal = 0;
  std::uint32_t hops = 0;
};

// Arguments were judged before: pointers, sizes, views and ids of legs are right.
class ProbeTunnel {
 public:
  ProbeTunnel(mpath_tunnel_id id, std::uint64_t ordinal, const mpath_tunnel_params& params);

  // The functions of the table, by slot; what it does not know is MPATH_OK.
  mpath_status act(const judge::Call& call);

  // For the script.
  mpath_status hold(const judge::Call& call);
  void release() { releasable_ = held_.size(); }
  void tell(std::uint32_t kind, std::uint32_t reason);
  void fill() { fill_ = true; }
  void set_deadline(std::uint64_t us) { deadline_after_us_ = us; }
  void close(std::uint32_t reason);
  void poison();

  [[nodiscard]] bool is_over() const { return state_ >= MPATH_TUNNEL_CLOSED; }
  [[nodiscard]] mpath_leg_id first_leg() const { return legs_.front().id; }
  [[nodiscard]] std::uint32_t close_reason() const { return close_reason_; }
  [[nodiscard]] static bool is_signalling(std::uint8_t command);
  // LINK cells that were told, and LINKED that came back with their nonce, or with another.
  [[nodiscard]] std::uint64_t links_told() const { return links_told_; }
  [[nodiscard]] std::uint64_t links_answered() const { return links_answered_; }
  [[nodiscard]] std::uint64_t wrong_answers() const { return wrong_answers_; }

 private:
  void begin_set();
  mpath_leg_id add_leg(const mpath_leg_params& params, std::uint32_t state);
  ProbeLeg* find(mpath_leg_id leg);
  mpath_status destroy(const judge::Call& call);
  mpath_status close_for_host(const judge::Call& call);
  mpath_status detail(const judge::Call& call);
  mpath_status activity(const judge::Call& call);
  mpath_status set_path(const judge::Call& call);
  mpath_status uses_stream_sendme(const judge::Call& call);
  mpath_status padding(const judge::Call& call);
  mpath_status add_legs(const judge::Call& call);
  mpath_status link(const judge::Call& call);
  mpath_status remove(const judge::Call& call);
  mpath_status take_single(const judge::Call& call);
  mpath_status single(const judge::Call& call);
  mpath_status route(const judge::Call& call);
  mpath_status can_read(const judge::Call& call);
  mpath_status receive(const judge::Call& call);
  mpath_status receive_linked(const judge::Call& call, ProbeLeg& leg);
  mpath_status drain(const judge::Call& call);
  mpath_status poll(const judge::Call& call);
  mpath_status info(const judge::Call& call);
  mpath_status describe(const judge::Call& call);
  mpath_status snapshot(const judge::Call& call);
  [[nodiscard]] mpath_leg_info info_of(const ProbeLeg& leg) const;
  [[nodiscard]] std::vector<mpath_event> levels(const judge::Call& call) const;
  [[nodiscard]] std::uint32_t room(const mpath_leg_views& views) const;
  [[nodiscard]] bool is_sequenced(std::uint8_t command, std::uint32_t hop) const;
  mpath_event& tell_leg(std::uint32_t kind, std::uint32_t reason, const ProbeLeg& leg);
  void tell_cell(const ProbeLeg& leg, std::uint8_t command, std::uint16_t length);

  mpath_tunnel_id id_;
  std::uint64_t ordinal_;
  std::uint64_t cookie_;
  std::uint32_t state_ = MPATH_TUNNEL_SINGLE_PATH;
  std::uint32_t close_reason_ = 0;
  std::uint32_t join_hop_ = MPATH_HOP_NONE;
  std::uint32_t legs_ever_ = 0;
  std::vector<ProbeLeg> legs_;
  mpath_leg_id primary_ = 0;
  std::array<std::uint8_t, MPATH_SEED_LEN> nonce_{};
  std::deque<mpath_token> held_;
  std::size_t releasable_ = 0;  // of held_, from the front
  std::vector<mpath_event> events_;
  bool fill_ = false;
  std::uint64_t deadline_after_us_ = 0;
  std::uint64_t sent_ = 0, received_ = 0;
  std::uint64_t links_told_ = 0, links_answered_ = 0, wrong_answers_ = 0;
};

}  // namespace mpath::probe
