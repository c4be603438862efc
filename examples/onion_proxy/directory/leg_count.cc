#include "examples/onion_proxy/directory/leg_count.h"

namespace onion_proxy {
namespace {

// What stock tor takes the parameter for.
constexpr int32_t kDefault = 2;
constexpr int32_t kMost = 255;

}  // namespace

bool LegCount::is_multipath(const Consensus& consensus) const {
  return legs > 1 && consensus.param("cfx_enabled", 1, 0, 1) == 1 &&
         (!by_consensus || consensus.param("cfx_num_legs_set", kDefault, 0, kMost) > 0);
}

size_t LegCount::in(const Consensus& consensus) const {
  if (!is_multipath(consensus)) return 1;
  if (!by_consensus) return legs;
  return static_cast<size_t>(consensus.param("cfx_num_legs_set", static_cast<int32_t>(legs), 1,
                                             static_cast<int32_t>(most)));
}

std::string to_string(const LegCount& count) {
  return std::to_string(count.legs) + (count.legs == 1 ? " leg" : " legs") +
         (count.by_consensus ? " unless the consensus says otherwise" : "");
}

}  // namespace onion_proxy
