#include "plugin/sidecar/model/collector.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace conflux::sidecar {
namespace {

using region::Health;

// What a writer may call itself; drafts begin with a dot.
bool is_instance(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

const char* advice_for(Health health) {
  switch (health) {
    case Health::kStalled:
      return "the proxy runs but has not ticked for a while: it hangs, or is stopped";
    case Health::kDead:
      return "the proxy has died; restart it";
    case Health::kClosed:
      return "the proxy has ended";
    case Health::kCorrupt:
      return "the region was damaged while it was read; restart the proxy";
    case Health::kUnreadable:
      return "the system refuses to read the region; add the sidecar to its group";
    case Health::kAbsent:
    case Health::kUnsupported:
    case Health::kLive:
      break;
  }
  return "";
}

}  // namespace

std::optional<std::string> instance_of(const std::filesystem::path& file) {
  if (file.extension() != region::kFileSuffix || !is_instance(file.stem().native())) return {};
  return file.stem().native();
}

Collector::Collector(CollectorOptions options) : options_(std::move(options)) {}

std::shared_ptr<const Snapshot> Collector::collect(
    std::chrono::steady_clock::time_point now, std::chrono::system_clock::time_point wall_clock) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->taken_at = wall_clock;
  std::set<std::string> instances;
  for (std::string& name : list_instances(snapshot->problem)) instances.insert(std::move(name));
  // A region whose file is gone is told once more, as absent.
  for (const auto& [instance, watched] : regions_) instances.insert(instance);
  std::size_t slots = 0;
  for (const std::string& instance : instances) {
    if (!regions_.contains(instance) && regions_.size() >= kRegionsMax) {
      snapshot->problem = "more than " + std::to_string(kRegionsMax) + " regions in " +
                          options_.directory + "; the rest is not looked at";
      continue;
    }
    const auto [at, is_new] = regions_.try_emplace(instance);
    snapshot->regions.push_back(look(at->second, instance, now));
    if (!choose_tunnels(at->second, snapshot->regions.back(), slots)) {
      snapshot->problem = "more than " + std::to_string(kSlotsInAllMax) + " slots in " +
                          options_.directory + "; single tunnels of " + instance + " are not told";
    }
    if (snapshot->regions.back().health == Health::kAbsent) regions_.erase(at);
  }
  return snapshot;
}

std::vector<std::string> Collector::list_instances(std::string& problem) const {
  std::vector<std::string> found;
  std::error_code error;
  std::filesystem::directory_iterator at(options_.directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    std::optional<std::string> instance = instance_of(at->path());
    if (!instance) continue;
    if (found.size() > kRegionsMax) break;
    found.push_back(std::move(*instance));
  }
  if (error) {
    problem = options_.directory + ": " + error.message() +
              "; it appears when the first proxy with metrics starts";
  }
  return found;
}

void Collector::attach(Watched& it, const std::string& instance, RegionSnapshot& out) const {
  it.reader.reset();
  region::Reader::Result result =
      region::Reader::open(options_.directory + "/" + instance + region::kFileSuffix);
  out.health = result.health;
  out.problem = std::move(result.problem);
  if (out.health == Health::kUnreadable) out.problem += std::string("; ") + advice_for(out.health);
  if (result.reader == nullptr) return;
  it.reader = std::move(result.reader);
  it.metrics = std::make_shared<const std::vector<region::Description>>(it.reader->metrics());
  it.dead_since.reset();
  ++it.attachments;
}

RegionSnapshot Collector::look(Watched& it, const std::string& instance,
                               std::chrono::steady_clock::time_point now) {
  RegionSnapshot out;
  out.instance = instance;
  if (it.reader == nullptr || it.reader->was_replaced()) attach(it, instance, out);
  if (it.reader == nullptr) return out;

  out.health = it.reader->check(now, options_.patience);
  out.problem = advice_for(out.health);
  out.identity = it.reader->identity();
  out.heartbeat_age = it.reader->heartbeat_age();
  out.metrics = it.metrics;
  out.slots = it.reader->slot_count();
  out.attachments = it.attachments;
  if (out.health == Health::kDead && !it.dead_since) it.dead_since = now;
  const bool last_words = out.health == Health::kDead && now - *it.dead_since < options_.last_words;
  if (out.health == Health::kLive || out.health == Health::kStalled || last_words) {
    region::Counters counters;
    if (!it.reader->read(counters)) {
      out.health = Health::kCorrupt;
      out.problem = advice_for(out.health);
    }
    it.retries += counters.retries;
    if (out.health != Health::kCorrupt) out.aggregates = std::move(counters.aggregates);
    out.slots_rejected = counters.slots_rejected;
  }
  out.read_retries = it.retries;
  if (out.health == Health::kCorrupt) it.reader.reset();
  return out;
}

bool Collector::choose_tunnels(Watched& it, const RegionSnapshot& seen, std::size_t& slots) {
  const bool runs = seen.health == Health::kLive || seen.health == Health::kStalled;
  it.tells_tunnels = runs && slots + seen.slots <= kSlotsInAllMax;
  if (it.tells_tunnels) slots += seen.slots;
  return it.tells_tunnels || !runs;
}

std::vector<TunnelSnapshot> Collector::tunnels(const std::string& instance) {
  std::vector<TunnelSnapshot> all;
  std::vector<region::TunnelSlot> slots;
  for (auto& [name, watched] : regions_) {
    if (watched.reader == nullptr || !watched.tells_tunnels) continue;
    if (!instance.empty() && name != instance) continue;
    if (!watched.reader->read_tunnels(slots)) continue;
    all.reserve(all.size() + slots.size());
    for (const region::TunnelSlot& slot : slots) all.push_back(unpack(name, slot));
  }
  return all;
}

}  // namespace conflux::sidecar
