#pragma once

#include <fstream>
#include <nlohmann/json.hpp>

#include "examples/onion_proxy/base/bytes.h"

namespace onion_proxy::test {

/// The known answers in vectors/tor.json.
inline const nlohmann::json& vectors() {
  static const nlohmann::json json =
      nlohmann::json::parse(std::ifstream(CONFLUX_SOURCE_DIR "/test/onion_proxy/vectors/tor.json"));
  return json;
}

inline Bytes bytes_of(const nlohmann::json& hex) {
  return decode_hex(hex.get<std::string>()).value();
}

template <size_t N>
ByteArray<N> array_of(const nlohmann::json& hex) {
  return to_array<N>(bytes_of(hex)).value();
}

}  // namespace onion_proxy::test
