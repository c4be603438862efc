#include "examples/onion_proxy/proxy/far_legs.h"

namespace onion_proxy {

bool FarLegPolicy::is_far(Micros round_trip, Micros nearest) const {
  constexpr int64_t kPercent = 100;
  return round_trip - nearest >= margin &&
         round_trip.count() * kPercent >= nearest.count() * int64_t{percent};
}

bool BulkWatch::note_all(uint64_t all, Instant now) {
  const bool first = !burst_;
  const bool over =
      burst_ && all != all_ && (now - burst_->moved >= kPause || now - burst_->began >= kBurst);
  if (first || over) burst_ = Burst{.began = now, .moved = now, .from = first ? all : all_};
  if (all != all_) burst_->moved = now;
  all_ = all;
  is_bulk_ = is_bulk_ || all - burst_->from >= kTunnelBytes;
  return first || over;
}

void BulkWatch::note_longest(uint64_t stream) { is_bulk_ = is_bulk_ || stream >= kStreamBytes; }

}  // namespace onion_proxy
