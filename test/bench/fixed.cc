// Does one thing a fixed number of times, so that instructions can be counted:
//
//   bench_fixed route|route32|receive|hold|loop COUNT [METRICS_DIRECTORY]
//
// With a directory on tmpfs the instance publishes metrics there, single tunnels too.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "test/support/bare_tunnel.h"

namespace {

using conflux::test::BareTunnel;
using conflux::test::conflux_table;

bool route(BareTunnel& tunnel, mpath_instance* instance, std::uint64_t count, std::uint32_t want) {
  const mpath_route_request request = BareTunnel::route_request(want);
  const mpath_leg_views views = tunnel.leg_views();
  bool routed = true;
  for (std::uint64_t i = 0; i < count; ++i) {
    routed &= conflux_table().route(instance, tunnel.id(), &request, &views, tunnel.now_us,
                                    &tunnel.grant) == MPATH_OK;
  }
  return routed;
}

bool receive(BareTunnel& tunnel, mpath_instance* instance, std::uint64_t count) {
  const mpath_cell cell = BareTunnel::data_cell(tunnel.leg(0), 1);
  bool received = true;
  for (std::uint64_t i = 0; i < count; ++i) {
    received &= conflux_table().receive(instance, tunnel.id(), &cell, tunnel.now_us,
                                        &tunnel.receipt) == MPATH_OK;
  }
  return received;
}

// In bursts of 1024.
bool hold(BareTunnel& tunnel, std::uint64_t count) {
  constexpr std::uint32_t kBurst = 1024;
  bool held = true;
  for (std::uint64_t i = 0; i < count; i += kBurst) held &= tunnel.hold_and_drain(kBurst);
  return held;
}

// What a busy host does: a batch of cells every millisecond, a poll after each batch, a tick when
// it is due.
bool loop(BareTunnel& tunnel, mpath_instance* instance, std::uint64_t count) {
  constexpr std::uint64_t kBatch = 32;
  std::uint64_t next_tick = 0;
  bool done = true;
  for (std::uint64_t i = 0; i < count; i += kBatch) {
    tunnel.now_us += 1000;
    done &= receive(tunnel, instance, kBatch);
    done &= tunnel.poll() == MPATH_OK;
    if (tunnel.now_us < next_tick) continue;
    done &= conflux_table().instance_tick(instance, tunnel.now_us, &next_tick) == MPATH_OK;
  }
  return done;
}

bool run(const char* what, std::uint64_t count, const char* metrics) {
  const std::string yaml =
      metrics == nullptr
          ? std::string()
          : "  metrics: {mode: aggregate, detail: local, directory: " + std::string(metrics) +
                "}\n";
  mpath_instance* instance = conflux::test::open_instance(yaml.c_str());
  bool done = false;
  {
    BareTunnel tunnel(instance, 2);
    tunnel.build();
    if (std::strcmp(what, "route") == 0) done = route(tunnel, instance, count, 1);
    if (std::strcmp(what, "route32") == 0) done = route(tunnel, instance, count, 32);
    if (std::strcmp(what, "receive") == 0) done = receive(tunnel, instance, count);
    if (std::strcmp(what, "hold") == 0) done = hold(tunnel, count);
    if (std::strcmp(what, "loop") == 0) done = loop(tunnel, instance, count);
  }
  return conflux_table().instance_close(instance) == MPATH_OK && done;
}

}  // namespace

int main(int argc, char** argv) {
  if ((argc == 3 || argc == 4) &&
      run(argv[1], std::strtoull(argv[2], nullptr, 10), argc == 4 ? argv[3] : nullptr)) {
    return 0;
  }
  std::fprintf(stderr,
               "usage: bench_fixed route|route32|receive|hold|loop COUNT [METRICS_DIRECTORY]\n");
  return 1;
}
