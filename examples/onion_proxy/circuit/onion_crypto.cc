#include "examples/onion_proxy/circuit/onion_crypto.h"

#include <cassert>

#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {

OnionCrypto::Hop::Hop(ByteView keys)
    : forward_cipher(keys.subspan(40, 16)), backward_cipher(keys.subspan(56, 16)) {
  forward_digest.update(keys.subspan(0, 20));
  backward_digest.update(keys.subspan(20, 20));
}

void OnionCrypto::add_hop(ByteView keys) {
  assert(keys.size() >= kHopKeySize);
  hops_.emplace_back(keys);
}

CellTag OnionCrypto::encrypt(size_t hop, CellPayloadView payload) {
  assert(hop < hops_.size());
  RunningSha1& digest = hops_[hop].forward_digest;
  digest.update(payload);
  const CellTag tag = digest.peek();
  std::memcpy(&payload[kDigestOffset], tag.data(), kDigestFieldSize);
  for (size_t layer = hop + 1; layer-- > 0;) hops_[layer].forward_cipher.apply(payload);
  return tag;
}

std::optional<CellTag> OnionCrypto::recognize(size_t index, CellPayloadView payload) {
  if (payload[kRecognizedOffset] != 0 || payload[kRecognizedOffset + 1] != 0) return std::nullopt;
  const MutableByteView field = payload.subspan(kDigestOffset, kDigestFieldSize);
  ByteArray<kDigestFieldSize> received;
  std::memcpy(received.data(), field.data(), received.size());
  std::memset(field.data(), 0, field.size());
  Hop& hop = hops_[index];
  // A cell of a hop further on looks "recognized" once in 65536 times, so the running digest may
  // only advance after the digest fits.
  RunningSha1 digest = hop.backward_digest;
  digest.update(payload);
  const CellTag tag = digest.peek();
  if (!constant_time_equal(ByteView(tag).first(kDigestFieldSize), received)) {
    std::memcpy(field.data(), received.data(), received.size());
    return std::nullopt;
  }
  hop.backward_digest = digest;
  return tag;
}

std::optional<OnionCrypto::Recognized> OnionCrypto::decrypt(SealedPayloadView sealed,
                                                            CellPayloadView clear) {
  ByteView outer = sealed;
  for (size_t i = 0; i < hops_.size(); ++i) {
    hops_[i].backward_cipher.apply(outer, clear);
    if (const auto tag = recognize(i, clear)) return Recognized{i, *tag};
    outer = clear;
  }
  return std::nullopt;
}

}  // namespace onion_proxy
