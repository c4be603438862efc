#include "plugin/sidecar/exporters/metrics_page.h"

#include <gtest/gtest.h>

#include "test/region/support.h"

namespace conflux::sidecar::test {
namespace {

// Privacy rule 12: every metric with what it tells, why that is safe, and its bin.
TEST(MetricsPage, IsWhatTheCataloguesSay) {
  EXPECT_EQ(metrics_page(),
            region::test::contents(CONFLUX_SOURCE_DIR "/packaging/monitoring/METRICS.md"))
      << "make it anew: conflux_metrics_page > packaging/monitoring/METRICS.md";
}

}  // namespace
}  // namespace conflux::sidecar::test
