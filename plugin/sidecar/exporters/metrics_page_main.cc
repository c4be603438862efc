#include <cstdio>
#include <cstring>
#include <string>

#include "plugin/sidecar/exporters/metrics_page.h"

int main(int argc, char** argv) {
  if (argc > 1) {
    const bool help = std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0;
    std::fputs(
        "usage: conflux_metrics_page > packaging/monitoring/METRICS.md\n\n"
        "Writes the table of every metric, as the catalogues have it, to the standard output.\n",
        help ? stdout : stderr);
    return help ? 0 : 2;
  }
  const std::string page = conflux::sidecar::metrics_page();
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
