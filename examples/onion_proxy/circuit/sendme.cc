#include "examples/onion_proxy/circuit/sendme.h"

#include <cassert>

#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {

std::optional<CellTag> SendmeReceiver::note_data(const CellTag& tag) {
  ++cells_;
  if (cells_ % sendme_inc_ != 0) return std::nullopt;
  return tag;
}

void SendmeSender::note_data(const CellTag& tag, Instant now) {
  ++cells_sent_;
  if (cells_sent_ % sendme_inc_ != 0) return;
  assert(has_room());
  pending_.push_back({tag, now});
}

Result<Instant> SendmeSender::match(const CellTag& tag) {
  if (pending_.empty()) return Error{"a SENDME for cells that were never sent"};
  if (!constant_time_equal(pending_.front().tag, tag)) {
    return Error{"a SENDME with a wrong authentication tag"};
  }
  const Instant sent_at = pending_.front().sent_at;
  pending_.pop_front();
  cells_acked_ += sendme_inc_;
  return sent_at;
}

size_t ShortCellSchedule::next_body_max() {
  constexpr uint32_t kLeast = 50;
  constexpr uint32_t kSpread = 51;
  if (until_short_ > 0) {
    --until_short_;
    return kRelayBodyMax;
  }
  ByteArray<2> random;
  random_padding(random);
  until_short_ = kLeast - 1 + read_u16(random.data()) % kSpread;
  return kShortBody;
}

}  // namespace onion_proxy
