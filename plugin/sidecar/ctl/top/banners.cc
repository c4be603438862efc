#include <fmt/format.h>

#include <algorithm>

#include "plugin/sidecar/ctl/format.h"
#include "plugin/sidecar/ctl/top/render.h"

namespace conflux::top {
namespace {

constexpr const char* kDoctor = "`confluxctl doctor` tells more.";

void tell_of_regions(const Model& model, std::vector<Banner>& banners) {
  for (const RegionRow& region : model.regions) {
    if (region.health != metrics::v1::Region::HEALTH_LIVE) {
      banners.push_back(
          {true, fmt::format("{} is {}{}{}", region.instance, ctl::word_for(region.health),
                             region.problem.empty() ? "" : ": ", region.problem)});
    }
    if (region.internal_errors > 0) {
      banners.push_back({true, fmt::format("{} hit {:.0f} bugs of its own; please report them "
                                           "(conflux_internal_errors).",
                                           region.instance, region.internal_errors)});
    }
    if (region.violation_seen) {
      banners.push_back({false, fmt::format("An exit broke the protocol towards {} since it "
                                            "started; `confluxctl metrics` tells how.",
                                            region.instance)});
    }
  }
}

void tell_of_detail(const Model& model, std::vector<Banner>& banners) {
  const bool any = std::ranges::any_of(model.regions, &RegionRow::tells);
  if (any && model.detail == Detail::kNoSlots) {
    banners.push_back({false,
                       "Totals only, as single tunnels are not told of. To see them set "
                       "`conflux.metrics.detail: local` and restart the proxy."});
  }
  if (any && model.detail == Detail::kRefused) {
    banners.push_back({false,
                       "Totals only: single tunnels are told of on the sidecar's Unix socket "
                       "alone."});
  }
  if (!model.tunnels_refused.empty()) {
    banners.push_back(
        {true, fmt::format("Totals only: single tunnels are refused: {}.", model.tunnels_refused)});
  }
  if (model.tunnels_in_all > model.tunnels.size() && model.detail == Detail::kTold) {
    banners.push_back({false, fmt::format("{} of {} tunnels are shown; --limit shows more.",
                                          model.tunnels.size(), model.tunnels_in_all)});
  }
  std::uint64_t rejected = 0;
  for (const RegionRow& region : model.regions) rejected += region.slots_rejected;
  if (rejected > 0 && model.detail == Detail::kTold) {
    banners.push_back({false, fmt::format("Up to {} tunnels found no slot and are missing in the "
                                          "list; raise conflux.metrics.slots.",
                                          rejected)});
  }
}

}  // namespace

std::vector<Banner> banners_of(const Model& model) {
  std::vector<Banner> banners;
  if (model.connection == Connection::kWaiting) {
    return {{false, "Asking conflux-sidecar at " + model.target + " ..."}};
  }
  if (model.connection == Connection::kLost) {
    banners.push_back(
        {true, fmt::format("conflux-sidecar cannot be reached at {}: {}. Start it with `systemctl "
                           "start conflux-sidecar`; {} Trying again.",
                           model.target, model.lost_because, kDoctor)});
    return banners;
  }
  if (model.regions.empty()) {
    banners.push_back({true, fmt::format("No proxy publishes metrics{}{}. Set "
                                         "`conflux.metrics.mode: aggregate` in its configuration "
                                         "and restart it; {}",
                                         model.directory_problem.empty() ? "" : ": ",
                                         model.directory_problem, kDoctor)});
  } else if (!model.directory_problem.empty()) {
    banners.push_back({false, model.directory_problem + "."});
  }
  tell_of_regions(model, banners);
  tell_of_detail(model, banners);
  std::ranges::stable_sort(banners, [](const Banner& a, const Banner& b) { return a.bad > b.bad; });
  return banners;
}

}  // namespace conflux::top
