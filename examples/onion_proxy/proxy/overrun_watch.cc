#include "examples/onion_proxy/proxy/overrun_watch.h"

namespace onion_proxy {

void OverrunWatch::handle_pressure(bool high, uint64_t held_bytes) {
  mark_.reset();
  if (high) mark_ = 2 * held_bytes;
}

bool OverrunWatch::check(uint64_t held_bytes) {
  if (!mark_ || held_bytes < *mark_) return false;
  mark_.reset();
  return true;
}

}  // namespace onion_proxy
