#include "examples/onion_proxy/proxy/liveness.h"

namespace onion_proxy {

void Liveness::note_heard(Instant now) {
  probed_ = false;
  if (quiet_since_) quiet_since_ = now;
}

void Liveness::note_acknowledged(Instant now) {
  if (quiet_since_ && probed_) quiet_since_ = now - timeout_ / 2;
}

Liveness::Verdict Liveness::check(bool watched, Instant now) {
  if (!watched || timeout_ == Micros::zero()) {
    quiet_since_.reset();
    probed_ = false;
    return Verdict::kFine;
  }
  if (!quiet_since_) quiet_since_ = now;
  const Micros quiet = now - *quiet_since_;
  if (probed_) return quiet >= timeout_ ? Verdict::kDead : Verdict::kFine;
  if (quiet < timeout_ / 2) return Verdict::kFine;
  probed_ = true;
  quiet_since_ = now - timeout_ / 2;
  return Verdict::kProbe;
}

std::optional<Instant> Liveness::next_deadline() const {
  if (!quiet_since_) return std::nullopt;
  return *quiet_since_ + (probed_ ? timeout_ : timeout_ / 2);
}

}  // namespace onion_proxy
