#pragma once

#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {

/// Fills `out` from OpenSSL's CSPRNG.
void random_bytes(MutableByteView out);

/// The same for bytes that everybody may see in the end, such as padding: taken from a supply that
/// is filled by the kilobyte, since each question to the generator costs a system call. One supply
/// for each thread; not for keys, and not for a process that forks.
void random_padding(MutableByteView out);

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
