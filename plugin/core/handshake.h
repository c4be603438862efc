// The client's side of the three-way handshake: LINK out, LINKED in, LINKED_ACK out.
#pragma once

#include <span>

#include "plugin/codec/link_message.h"
#include "plugin/core/leg.h"
#include "plugin/types/nonce.h"
#include "plugin/types/reason.h"
#include "plugin/types/time.h"

namespace conflux {

// What the tunnel says in each LINK: both counters are zero, because the leg's are, and because an
// exit takes its bases for the leg from our LINK (reference: the one rule that interoperates).
[[nodiscard]] LinkMessage plan_link(const Nonce& nonce, std::uint8_t desired_ux) noexcept;

// LINKED arrived on a leg: NONE and the leg waits for its LINKED_ACK to be drained, or the
// violation. `highest_sent` is over all legs. Attacks A2, A3, A4, A13, A29.
// Seed: handle_conflux_linked.
Reason handle_linked(Leg& leg, std::span<const std::uint8_t> body, const Nonce& nonce,
                     SeqNo highest_sent, Instant now) noexcept;

}  // namespace conflux
