#include "plugin/sidecar/ctl/doctor/numbers.h"

#include <fmt/format.h>

#include <string_view>

#include "plugin/sidecar/ctl/format.h"

namespace conflux::ctl {
namespace {

using metrics::v1::Region;
using metrics::v1::Sample;
using Level = Finding::Level;

// Below it nobody notices a second leg.
constexpr double kHelpsFrom = 1.1;
constexpr double kCellsToJudge = 100'000;  // 50 MB: before, the initial window tells more
constexpr double kHandshakesToJudge = 16;  // two bins
constexpr double kMemoryHigh = 0.8;        // as the alert ConfluxReorderMemoryHigh

double value_of(const Region& region, std::string_view metric, std::string_view label = "") {
  for (const Sample& sample : region.samples()) {
    if (sample.metric() == metric && sample.label_value() == label) return sample.number();
  }
  return 0;
}

class Symptoms {
 public:
  explicit Symptoms(const Region& region)
      : region_(region), subject_("proxy " + printable(region.instance())) {}

  void note(Level level, std::string text, std::string next) {
    found_.push_back({level, subject_, std::move(text), std::move(next)});
  }

  void look_at_reloads() {
    if (value_of(region_, "conflux_config_reloads_failed") == 0 ||
        value_of(region_, "conflux_config_last_reload_successful") != 0) {
      return;
    }
    note(Level::kProblem, "it refused its last reload and runs with the old configuration",
         "see why: confluxctl config check FILE; correct it and reload again");
  }

  void look_at_bugs() {
    if (value_of(region_, "conflux_internal_errors") > 0) {
      note(Level::kProblem, "a bug of the plugin has closed a tunnel",
           "report it, with the proxy's log and the plugin's version; upgrade if there is a fix");
    }
    if (value_of(region_, "conflux_clock_steps_back") > 0) {
      note(Level::kHint, "its clock goes back", "a bug of the proxy: report it to its makers");
    }
  }

  void look_at_handshakes() {
    const double linked = value_of(region_, "conflux_handshakes", "linked");
    const double failed = value_of(region_, "conflux_handshakes", "timeout") +
                          value_of(region_, "conflux_handshakes", "lost");
    if (linked + failed < kHandshakesToJudge || failed <= linked) return;
    note(Level::kProblem,
         fmt::format("more legs fail to link ({:.0f}) than link ({:.0f})", failed, linked),
         "exits that do not speak Conflux, relays that die, or a conflux.handshake_timeout that is "
         "too short: look at the proxy's log");
  }

  void look_at_violations() {
    std::string kinds;
    for (const Sample& sample : region_.samples()) {
      if (sample.metric() != "conflux_protocol_violation_seen" || sample.number() == 0) continue;
      kinds += (kinds.empty() ? "" : ", ") + printable(sample.label_value());
    }
    if (kinds.empty()) return;
    note(Level::kHint, "an exit broke the protocol (" + kinds + "), and its tunnels were closed",
         "once: nothing to do. If it goes on, avoid that exit: the proxy's log tells when");
  }

  void look_at_memory() {
    const double limit = value_of(region_, "conflux_reorder_limit");
    const double held = value_of(region_, "conflux_reorder");
    if (limit > 0 && held > kMemoryHigh * limit) {
      note(Level::kProblem,
           fmt::format("cells out of order take {:.0f} % of conflux.reorder.process_limit",
                       100 * held / limit),
           "raise it if there is memory, or let tunnels hold less: conflux.reorder.tunnel_limit, "
           "desired_ux: low_mem_throughput");
    }
    const double cut = value_of(region_, "conflux_tunnels_closed", "limit") +
                       value_of(region_, "conflux_tunnels_closed", "shed");
    if (cut > 0) {
      note(Level::kHint, fmt::format("{:.0f} tunnels were closed for holding too much", cut),
           "legs differ much in delay: see confluxctl tunnels; raise conflux.reorder.tunnel_limit");
    }
    if (const double stalled = value_of(region_, "conflux_tunnels_closed", "stalled");
        stalled > 0) {
      note(Level::kHint,
           fmt::format("{:.0f} tunnels were closed because a leg brought nothing more", stalled),
           "a relay that stalls; if it is often, the network between here and the guards");
    }
  }

  void look_at_benefit() {
    const auto moved = [this](std::string_view metric) {
      return value_of(region_, metric, "best") + value_of(region_, metric, "other");
    };
    if (moved("conflux_cells_received") >= kCellsToJudge &&
        region_.aggregation_ratio_received() < kHelpsFrom) {
      note(Level::kHint, "downloads come over one leg nearly alone",
           "exits schedule them: ask by conflux.desired_ux: high_throughput; stock exits may not "
           "listen, and a leg that is much faster needs no other. A far leg may wait for long "
           "transfers: conflux.legs.far");
    }
    if (moved("conflux_cells_sent") >= kCellsToJudge &&
        region_.aggregation_ratio_sent() < kHelpsFrom) {
      note(Level::kHint, "uploads go over one leg nearly alone",
           "conflux.profile: stock sends as stock tor does, over the fastest leg; fast or lab with "
           "desired_ux: high_throughput use all, and can be told from stock");
    }
  }

  std::vector<Finding> take() { return std::move(found_); }

 private:
  const Region& region_;
  std::string subject_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> check_numbers(const Region& region) {
  Symptoms symptoms(region);
  symptoms.look_at_reloads();
  symptoms.look_at_bugs();
  symptoms.look_at_handshakes();
  symptoms.look_at_violations();
  symptoms.look_at_memory();
  symptoms.look_at_benefit();
  return symptoms.take();
}

}  // namespace conflux::ctl
