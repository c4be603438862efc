#include "examples/onion_proxy/proxy/far_legs.h"

namespace onion_proxy {

bool FarLegPolicy::is_far(Micros round_trip, Micros nearest) const {
  constexpr int64_t kPercent = 100;
  return round_trip - nearest >= margin &&
         round_trip.count() * kPercent >= nearest.count() * int64_t{percent};
}

void BulkWatch::note(const Moved& moved, Instant now) {
  if (!moved_at_) {
    busy_from_ = moved.all;
  } else if (moved.all != all_ && now - *moved_at_ >= kPause) {
    busy_from_ = all_;
  }
  if (!moved_at_ || moved.all != all_) moved_at_ = now;
  all_ = moved.all;
  is_bulk_ = is_bulk_ || moved.longest_stream >= kStreamBytes || all_ - busy_from_ >= kBusyBytes;
}

}  // namespace onion_proxy
