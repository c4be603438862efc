// An upload through the built conflux.so: the legs keep their order, and each draws a SENDME with
// every 31st DATA cell that arrives, so that the totals of the host's views are true.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

#include "test/plugin/support/host.h"

namespace conflux::test {

class Upload {
 public:
  static constexpr std::uint32_t kSendmeInc = 31;

  // Two legs of these round trips, linked; a control cell has gone on the faster one, leg 1.
  Upload(const std::string& config, std::uint32_t fast_us, std::uint32_t slow_us)
      : host({.config = config}) {
    host.join_and_link(2);
    host.view(1).ewma_rtt_us = fast_us;
    host.view(2).ewma_rtt_us = slow_us;
    host.backlog = 1000;
    EXPECT_EQ(host.send(kBegin), on_leg(1));
  }

  // One DATA cell, by the scheduler's choice.
  Grant send() {
    const Grant grant = host.send(kData);
    if (grant.status != Status::kOk) return grant;
    EXPECT_LE(host.view(grant.leg).inflight, host.view(grant.leg).cwnd) << "an overdrawn window";
    under_way_[grant.leg] += grant.granted;
    sent += grant.granted;
    return grant;
  }
  // The oldest cells of a leg arrive.
  void deliver(int leg, std::uint32_t cells) {
    for (; cells > 0 && under_way_[leg] > 0; --cells, --under_way_[leg]) {
      if (++arrived_[leg] % kSendmeInc != 0) continue;
      host.acknowledge(leg, kSendmeInc);
      if (rtts_move) host.view(leg).ewma_rtt_us ^= 1U;
    }
  }
  void deliver_all(int leg) { deliver(leg, UINT32_MAX); }
  // Cells go and arrive, until one does not go on `leg`: that one's grant.
  Grant go_on_with(int leg, std::uint32_t most) {
    Grant grant = send();
    for (; most > 1 && grant.leg == leg; --most, grant = send()) deliver_all(leg);
    return grant;
  }

  Host host;
  std::uint64_t sent = 0;  // DATA cells
  bool rtts_move = true;   // with each SENDME; else a coarse clock says the same for ever

 private:
  std::map<int, std::uint32_t> under_way_;
  std::map<int, std::uint32_t> arrived_;
};

}  // namespace conflux::test
