#include "plugin/core/peer_window.h"

#include <algorithm>

namespace conflux {
namespace {

// The leg that has waited longest for an acknowledgement, by number.
struct Laggard {
  std::uint64_t missing = 0;  // numbers from its first unacknowledged one up to the last one sent
  const Candidate* leg = nullptr;
};

Laggard find_laggard(const LegSet& legs, const ViewOfLeg& views,
                     std::span<const Candidate> candidates, SeqNo sent) noexcept {
  Laggard found;
  // Totals at zero before any DATA has gone, or because the host keeps none.
  if (std::ranges::none_of(
          candidates, [&](const Candidate& leg) { return views[leg.index]->data_sent > 0; })) {
    return found;
  }
  for (const Candidate& leg : candidates) {
    const std::optional<SeqNo> first =
        legs[leg.index].progress().first_unacked(*views[leg.index], sent);
    if (!first || *first > sent) continue;
    const std::uint64_t missing = sent.raw() - first->raw() + 1;
    if (missing > found.missing) found = {.missing = missing, .leg = &leg};
  }
  return found;
}

std::uint64_t sum_of_windows(std::span<const Candidate> candidates) noexcept {
  std::uint64_t sum = 0;
  for (const Candidate& leg : candidates) sum += leg.cwnd;
  return sum;
}

// What all legs send during one trip of the slowest.
std::uint64_t cells_per_longest_trip(std::span<const Candidate> candidates) noexcept {
  std::uint64_t longest_us = 0;
  for (const Candidate& leg : candidates) longest_us = std::max(longest_us, leg.rtt_us);
  std::uint64_t sum = 0;
  for (const Candidate& leg : candidates) sum += leg.cwnd * longest_us / leg.rtt_us;
  return sum;
}

}  // namespace

PeerWindow plan_peer_window(const LegSet& legs, const ViewOfLeg& views,
                            std::span<const Candidate> candidates, Cells sent,
                            Cells limit) noexcept {
  const Laggard laggard = find_laggard(legs, views, candidates, SeqNo{sent.raw()});
  if (laggard.leg == nullptr) return {.left = limit.raw()};
  // The cheap bound first, which is never the larger one: it is what nearly every cell asks.
  const std::uint64_t least = std::min(2 * sum_of_windows(candidates), limit.raw());
  if (laggard.missing < least) return {.left = least - laggard.missing};
  const std::uint64_t window = std::min(2 * cells_per_longest_trip(candidates), limit.raw());
  if (laggard.missing < window) return {.left = window - laggard.missing};

  const std::uint64_t sendme_inc = legs[laggard.leg->index].path().sendme_inc.raw();
  if (laggard.leg->is_open() && laggard.leg->inflight < sendme_inc) {
    return {.left = sendme_inc - laggard.leg->inflight, .top_up = laggard.leg->index};
  }
  return {.left = 0};
}

}  // namespace conflux
