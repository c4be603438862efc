// The subprotocol versions that a relay speaks: `Conflux=1 FlowCtrl=1-2 Relay=2-6`.
// Spec: tor-spec "Subprotocol versioning".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/onion_proxy/base/result.h"

namespace onion_proxy {

/// Bounds: 64 protocols, 64 ranges each, versions 0 to 63, as the specification has it.
class ProtocolSet {
 public:
  static Result<ProtocolSet> parse(std::string_view text);

  bool supports(std::string_view protocol, unsigned version) const;

 private:
  struct Entry {
    std::string name;
    uint64_t versions = 0;  ///< bit n: version n
  };
  std::vector<Entry> entries_;
};

}  // namespace onion_proxy
