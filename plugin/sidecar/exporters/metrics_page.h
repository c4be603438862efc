// packaging/monitoring/METRICS.md, made from the catalogues so that it cannot fall behind them.
#pragma once

#include <string>

namespace conflux::sidecar {

// The whole page, in Markdown: of every metric what it is, what it tells an adversary, why that is
// safe, and how coarse it is.
[[nodiscard]] std::string metrics_page();

}  // namespace conflux::sidecar
