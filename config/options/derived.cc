// Defaults that follow what a file sets.
#include <algorithm>
#include <string_view>

#include "config/options/validate.h"

namespace conflux::config {
namespace {

// After XOFF a window of each leg still arrives, so most of the limit is left to it.
constexpr std::uint64_t kMarkShare = 4;

}  // namespace

void derive_defaults(Validated& validated) {
  ReorderSettings& reorder = validated.settings.conflux.reorder;
  if (validated.find(kHighWater) == nullptr) {
    reorder.high_water = std::min(reorder.high_water, reorder.tunnel_limit / kMarkShare);
  }
  if (validated.find(kLowWater) == nullptr) {
    reorder.low_water = std::min(reorder.low_water, reorder.high_water / kMarkShare);
  }
}

}  // namespace conflux::config
