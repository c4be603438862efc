#pragma once

#include <cstdint>

#include "examples/onion_proxy/base/bytes.h"

namespace onion_proxy {

/// What a circuit needs to know of one relay. Filled by the directory from a verified consensus
/// and microdescriptor. Identities and addresses never go to logs: name relays by ordinal there.
struct RelayInfo {
  ByteArray<20> rsa_id{};
  ByteArray<32> ed_id{};
  ByteArray<32> ntor_key{};
  ByteArray<4> ipv4{};
  uint16_t or_port = 0;

  friend bool operator==(const RelayInfo&, const RelayInfo&) = default;
};

}  // namespace onion_proxy
