// The far end of a tunnel, as far as a plugin can tell: it answers LINK, numbers what it sends over
// the legs and checks the numbers of what it gets. Speaks the signalling of Tor proposal 329, so it
// fits plugins whose table lists just those commands as `signalling`.
#pragma once

#include <mpath/plugin.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "host_api/conformance/check.h"

namespace mpath::kit {

// Relay commands. Spec: tor-spec "Relay cells", prop329 [CONFLUX_MESSAGES].
inline constexpr std::uint8_t kBegin = 1;
inline constexpr std::uint8_t kData = 2;
inline constexpr std::uint8_t kSendme = 5;
inline constexpr std::uint8_t kLink = 19;
inline constexpr std::uint8_t kLinked = 20;
inline constexpr std::uint8_t kLinkedAck = 21;
inline constexpr std::uint8_t kSwitch = 22;

using Body = std::vector<std::uint8_t>;

[[nodiscard]] Body switch_body(std::uint32_t skipped);

// Does the plugin speak what the peer speaks?
[[nodiscard]] bool speaks_prop329(const mpath_plugin_table& table) noexcept;

class Peer {
 public:
  explicit Peer(Context& check) : check_(check) {}

  // A SEND_CELL went out on a leg. LINK: the LINKED that answers it.
  std::optional<Body> handle_control(mpath_leg_id leg, const mpath_control_cell& cell);
  // Cells were granted, `first` in front: their numbers must follow on those before.
  void handle_grant(const mpath_grant& grant);
  // The next sequenced cell goes out on `leg`: the SWITCH in front of it, if one is needed.
  std::optional<Body> plan_send(mpath_leg_id leg);

  // The nonce of the LINK cells; empty before.
  [[nodiscard]] const Body& nonce() const noexcept { return nonce_; }
  [[nodiscard]] Body linked_body() const;
  // Sequenced cells that were sent and got.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  // Has this leg's LINKED_ACK arrived?
  [[nodiscard]] bool is_acknowledged(mpath_leg_id leg) const noexcept;

 private:
  struct Leg {
    std::uint64_t last_sent = 0;
    std::uint64_t last_received = 0;
    bool linked = false;
    bool acknowledged = false;
  };

  Context& check_;
  std::map<mpath_leg_id, Leg> legs_;
  Body nonce_;
  mpath_leg_id sending_on_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace mpath::kit
