#include "plugin/sidecar/serve/change_filter.h"

#include <algorithm>
#include <span>
#include <utility>

namespace conflux::sidecar {
namespace {

using region::Description;
using region::Word;

std::span<const Word> words_of(const RegionSnapshot& region, const std::string& metric) {
  if (region.metrics == nullptr) return {};
  const auto at = std::ranges::find(*region.metrics, metric, &Description::name);
  const std::span<const Word> all(region.aggregates);
  if (at == region.metrics->end() || at->first_word + at->words > all.size()) return {};
  return all.subspan(at->first_word, at->words);
}

}  // namespace

ChangeFilter::ChangeFilter(std::string instance, std::set<std::string> metrics)
    : instance_(std::move(instance)), metrics_(std::move(metrics)) {}

bool ChangeFilter::accept(const std::shared_ptr<const Snapshot>& snapshot) {
  if (last_ != nullptr && !differs(*snapshot)) return false;
  last_ = snapshot;
  return true;
}

std::vector<const RegionSnapshot*> ChangeFilter::wanted(const Snapshot& snapshot) const {
  std::vector<const RegionSnapshot*> out;
  for (const RegionSnapshot& region : snapshot.regions) {
    if (instance_.empty() || region.instance == instance_) out.push_back(&region);
  }
  return out;
}

bool ChangeFilter::differs(const Snapshot& now) const {
  const auto before = wanted(*last_);
  const auto after = wanted(now);
  if (metrics_.empty() && last_->problem != now.problem) return true;
  return !std::ranges::equal(before, after, [&](const RegionSnapshot* a, const RegionSnapshot* b) {
    return !region_differs(*a, *b);
  });
}

bool ChangeFilter::region_differs(const RegionSnapshot& before, const RegionSnapshot& now) const {
  if (before.instance != now.instance) return true;
  if (!metrics_.empty()) return words_differ(before, now);
  return before.health != now.health || before.problem != now.problem ||
         before.identity.region_id != now.identity.region_id ||
         before.aggregates != now.aggregates || before.slots_rejected != now.slots_rejected;
}

bool ChangeFilter::words_differ(const RegionSnapshot& before, const RegionSnapshot& now) const {
  return std::ranges::any_of(metrics_, [&](const std::string& metric) {
    return !std::ranges::equal(words_of(before, metric), words_of(now, metric));
  });
}

}  // namespace conflux::sidecar
