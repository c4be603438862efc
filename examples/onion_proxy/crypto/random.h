#pragma once

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {

/// Fills `out` from OpenSSL's CSPRNG.
void random_bytes(MutableByteView out);

template <size_t N>
ByteArray<N> random_array() {
  ByteArray<N> out;
  random_bytes(out);
  return out;
}

/// Compares in time that depends on the lengths alone.
bool constant_time_equal(ByteView a, ByteView b);

/// Overwrites secrets in a way that the optimiser keeps.
void cleanse(MutableByteView secret);

}  // namespace onion_proxy
