// All series of a snapshot, grouped by name as both text formats demand: each name once, whatever
// catalogues the regions bring.
#pragma once

#include <string>
#include <vector>

#include "plugin/sidecar/exporters/own_metrics.h"

namespace conflux::sidecar {

// Points into the catalogues of the snapshot that it was made of.
struct Family {
  const region::Description* metric = nullptr;
  std::string name;  // with its unit, without "_total"
  std::vector<LabelledSample> series;
};

// Own metrics first, then those of regions in the order of their catalogue. A metric that
// contradicts what another region, or the sidecar, says of the same name is left out and counted in
// conflux_region_series_untold.
[[nodiscard]] std::vector<Family> families_of(const Snapshot& snapshot, const SidecarFacts& facts);

}  // namespace conflux::sidecar
