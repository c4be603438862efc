#include "examples/onion_proxy/proxy/tunnel_manager.h"

#include <algorithm>

#include "examples/onion_proxy/base/clock.h"
#include "examples/onion_proxy/proxy/network_params.h"
#include "examples/onion_proxy/proxy/plain_path.h"
#include "examples/onion_proxy/proxy/plugin_paths.h"

namespace onion_proxy {
namespace {

constexpr std::chrono::seconds kSweepInterval{1};
constexpr size_t kClosedRemembered = 16;
constexpr size_t kSuspectsMax = 16;

Instant after(std::chrono::milliseconds delay) { return clock_now() + delay; }

}  // namespace

TunnelManager::TunnelManager(const TunnelEnvironment& environment, DirectoryClient& directory,
                             PluginHost* plugin, Options options)
    : env_(environment),
      directory_(directory),
      plugin_(plugin),
      options_(std::move(options)),
      sweep_timer_(environment.io) {
  arm_sweep();
  if (plugin_ == nullptr) return;
  plugin_->set_shed_handler([this](auto victims) { wake_victims(victims); });
}

TunnelManager::~TunnelManager() {
  *alive_ = false;
  if (plugin_ != nullptr) plugin_->set_shed_handler(nullptr);
  // Tunnels report to what is declared after them.
  entries_.clear();
}

void TunnelManager::prepare() { start(Key()); }

// The exit is chosen when the tunnel is begun, for the first stream that waits then.
bool TunnelManager::serves(const Entry& entry, uint16_t port) {
  return !entry.tunnel || port == 0 || entry.exit_ports.allows(port);
}

// `end`: there are too many tunnels. A further one serves its port, for which its exit was chosen.
TunnelManager::Entries::iterator TunnelManager::entry_for(const std::string& isolation,
                                                          uint16_t port) {
  const Key first{isolation, 0};
  const Key further{isolation, port};
  for (const Key& key : {first, further}) {
    const auto at = entries_.find(key);
    if (at != entries_.end() && serves(at->second, port)) return at;
  }
  const Key& key = entries_.contains(first) ? further : first;
  if (const auto at = take_prepared(port, key); at != entries_.end()) return at;
  if (entries_.size() >= options_.tunnels_max && !close_most_idle()) return entries_.end();
  return entries_.try_emplace(key).first;
}

// A tunnel that was built ahead and belongs to nobody serves whoever comes first.
TunnelManager::Entries::iterator TunnelManager::take_prepared(uint16_t port, const Key& key) {
  const auto ahead = entries_.find(Key());
  if (ahead == entries_.end() || ahead->second.used || !ahead->second.waiting.empty()) {
    return entries_.end();
  }
  if (!serves(ahead->second, port)) return entries_.end();
  auto node = entries_.extract(ahead);
  node.key() = key;
  return entries_.insert(std::move(node)).position;
}

void TunnelManager::handle_arrival(SocksArrival arrival) {
  admit({.arrival = std::move(arrival), .deadline = after(options_.stream_timeout)});
}

void TunnelManager::admit(Waiting waiting) {
  if (stopping_) return refuse(waiting, SocksReply::kGeneralFailure, "the proxy ends");
  const SocksRequest& request = waiting.arrival.request;
  const auto found = entry_for(request.isolation, request.port);
  if (found == entries_.end()) {
    return refuse(waiting, SocksReply::kGeneralFailure, "too many tunnels");
  }
  Entry& entry = found->second;
  if (entry.waiting.size() >= options_.waiting_max) {
    return refuse(waiting, SocksReply::kGeneralFailure, "too many streams wait");
  }
  entry.used = true;
  entry.waiting.push_back(std::move(waiting));
  if (entry.tunnel && entry.tunnel->state() == Tunnel::State::kReady) return serve_waiting(entry);
  if (entry.tunnel) return;
  const Key key = found->first;
  start(key);
}

void TunnelManager::start(const Key& key) {
  Entry& entry = entries_[key];
  if (entry.asking || entry.tunnel || stopping_) return;
  if (const auto view = directory_.view()) return start_with(key, view);
  entry.asking = true;
  directory_.fetch([this, key, alive = alive_](Result<DirectoryClient::View> view) {
    if (!*alive) return;
    // The entry may have been renamed or given up meanwhile.
    for (auto& [own, waiting_entry] : entries_) {
      if (!waiting_entry.asking) continue;
      waiting_entry.asking = false;
      const Key found = own;
      return start_with(found, std::move(view));
    }
  });
}

PathRequest TunnelManager::request_for(const Key& key, const Entry& entry,
                                       const Consensus& consensus) {
  PathRequest request{.legs = options_.legs.in(consensus),
                      .multipath = options_.legs.is_multipath(consensus),
                      .port = key.port,
                      .exit_nickname = options_.exit_nickname,
                      .pins = options_.paths,
                      .avoid = suspects()};
  // One for look-ups only may get a connection later.
  for (const Waiting& waiting : entry.waiting) {
    if (request.port != 0) break;
    request.port = waiting.arrival.request.port;
  }
  return request;
}

std::unique_ptr<PathSet> TunnelManager::make_paths(const Consensus& consensus) {
  if (!options_.legs.is_multipath(consensus)) return std::make_unique<PlainPath>();
  return std::make_unique<PluginPaths>(plugin_->instance());
}

void TunnelManager::start_with(const Key& key, Result<DirectoryClient::View> view) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.tunnel || stopping_) return;
  if (!view.ok()) return give_up(key, view.error());
  const NetworkView& network = *view.value();
  auto choice =
      choose_paths(network, request_for(key, at->second, network.consensus), random_below_);
  if (!choice.ok()) return give_up(key, choice.error());

  TunnelOptions options;
  options.ordinal = ++last_ordinal_;
  if (plugin_ != nullptr && !options_.legs.is_multipath(network.consensus)) {
    env_.log.notice("tunnel {}: a plain circuit, as the consensus wants no Conflux",
                    options.ordinal);
  }
  at->second.exit_ports = std::move(choice.value().exit_ports);
  options.paths = std::move(choice.value().legs);
  for (const std::string& line : choice.value().sharing) {
    env_.log.notice("tunnel {}: {}", options.ordinal, line);
  }
  constexpr int32_t kIncrementMin = 1;
  constexpr int32_t kIncrementMax = 254;
  options.sendme_inc = static_cast<uint8_t>(
      network.consensus.param("cc_sendme_inc", 31, kIncrementMin, kIncrementMax));
  options.vegas = vegas_of(network.consensus);
  options.far_legs = options_.far_legs;
  options.hold_link_file = options_.hold_link_file;
  options.stall_timeout = options_.stall_timeout;
  options.stream.connect_timeout = options_.stream_timeout;
  options.stream.flow = stream_flow_of(network.consensus);
  TunnelOwner& owner = *this;
  at->second.tunnel =
      std::make_unique<Tunnel>(env_, owner, std::move(options), make_paths(network.consensus));
  at->second.tunnel->build();
}

TunnelManager::Entries::iterator TunnelManager::find(const Tunnel& tunnel) {
  return std::ranges::find_if(
      entries_, [&](const auto& item) { return item.second.tunnel.get() == &tunnel; });
}

void TunnelManager::handle_tunnel_ready(Tunnel& tunnel) {
  ++totals_.tunnels_built;
  env_.log.notice("tunnel {} is ready", tunnel.ordinal());
  if (const auto at = find(tunnel); at != entries_.end()) serve_waiting(at->second);
}

void TunnelManager::serve_waiting(Entry& entry) {
  while (!entry.waiting.empty()) {
    Waiting waiting = std::move(entry.waiting.front());
    entry.waiting.pop_front();
    if (waiting.arrival.socket->is_closed()) continue;
    // It came before the exit was chosen, for another port than the first that waited.
    if (!serves(entry, waiting.arrival.request.port)) {
      admit(std::move(waiting));
    } else {
      entry.tunnel->open_stream(std::move(waiting.arrival));
    }
  }
}

void TunnelManager::handle_tunnel_closed(Tunnel& tunnel) {
  const auto at = find(tunnel);
  if (at == entries_.end()) return;
  const bool was_ready = tunnel.was_ready();
  const std::string reason = tunnel.close_reason();
  env_.log.notice("tunnel {} closed: {}", tunnel.ordinal(), reason);
  if (tunnel.closed_for_memory()) pressure_until_ = after(options_.pressure_time);
  remember(tunnel);
  at->second.tunnel.reset();
  const Key key = at->first;
  // What waited has sent nothing yet, so a new tunnel can serve it.
  std::erase_if(at->second.waiting, [&](Waiting& waiting) {
    if (!was_ready) ++waiting.attempts;
    const bool over = waiting.attempts >= options_.attempts_max;
    if (over) refuse(waiting, SocksReply::kGeneralFailure, "no tunnel could be built");
    return over;
  });
  if (at->second.waiting.empty()) {
    entries_.erase(at);
  } else {
    start(key);
  }
}

void TunnelManager::remember(Tunnel& tunnel) {
  totals_.bytes_out += tunnel.bytes_up();
  totals_.bytes_in += tunnel.bytes_down();
  if (!tunnel.was_ready()) ++totals_.tunnels_failed;
  ++totals_.tunnel_closes[tunnel.close_reason()];
  closed_.push_back(tunnel.stats());
  if (closed_.size() > kClosedRemembered) closed_.pop_front();
}

// Attack: an exit makes a tunnel hold back much and then falls silent. Nothing else would have it
// make the call in which the plugin closes it, so others that still move would have to go instead.
void TunnelManager::wake_victims(std::span<const mpath_tunnel_id> victims) {
  for (auto& [key, entry] : entries_) {
    if (!entry.tunnel) continue;
    const bool chosen = std::ranges::find(victims, entry.tunnel->plugin_id()) != victims.end();
    if (chosen) entry.tunnel->wake();
  }
}

void TunnelManager::note_stream_ended(const Stream& stream) {
  if (stream.failure().empty()) {
    ++totals_.streams_ok;
  } else {
    count_failure(stream.failure());
  }
}

void TunnelManager::count_failure(const std::string& reason) {
  ++totals_.streams_failed;
  ++totals_.stream_failures[reason];
}

void TunnelManager::note_suspects(const std::vector<RelayInfo>& relays) {
  for (const RelayInfo& relay : relays) {
    std::erase_if(suspects_, [&](const Suspect& known) { return known.relay == relay; });
    suspects_.push_back({relay, after(options_.suspect_time)});
    if (suspects_.size() > kSuspectsMax) suspects_.pop_front();
  }
}

std::vector<RelayInfo> TunnelManager::suspects() {
  const Instant now = clock_now();
  std::erase_if(suspects_, [&](const Suspect& known) { return known.until <= now; });
  std::vector<RelayInfo> out;
  for (const Suspect& known : suspects_) out.push_back(known.relay);
  return out;
}

Result<ChosenPath> TunnelManager::choose_replacement(const std::vector<ChosenPath>& existing) {
  if (clock_now() < pressure_until_) return Error{"memory was short a moment ago"};
  const auto view = directory_.view();
  if (!view) return Error{"the consensus is out of date"};
  PathRequest request{.legs = 1, .avoid = suspects()};
  auto choice = choose_further_leg(*view, request, existing, random_below_);
  if (!choice.ok()) return Error{choice.error()};
  return std::move(choice.value().legs.front());
}

void TunnelManager::refuse(Waiting& waiting, SocksReply reply, const std::string& reason) {
  count_failure(reason);
  waiting.arrival.socket->write(encode_socks_reply(reply));
  waiting.arrival.socket->close_when_written();
}

void TunnelManager::give_up(const Key& key, const std::string& reason) {
  env_.log.warn("no tunnel can be built: {}", reason);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  for (Waiting& waiting : at->second.waiting) {
    refuse(waiting, SocksReply::kNetworkUnreachable, reason);
  }
  entries_.erase(at);
}

void TunnelManager::stop(const std::string& reason) {
  stopping_ = true;
  sweep_timer_.cancel();
  for (auto& [key, entry] : entries_) {
    for (Waiting& waiting : entry.waiting) refuse(waiting, SocksReply::kGeneralFailure, reason);
    entry.waiting.clear();
    if (entry.tunnel) entry.tunnel->close(reason);
  }
}

void TunnelManager::arm_sweep() {
  sweep_timer_.run_after(kSweepInterval, [this] {
    sweep();
    arm_sweep();
  });
}

void TunnelManager::sweep() {
  const Instant now = clock_now();
  for (auto& [key, entry] : entries_) {
    std::erase_if(entry.waiting, [&](Waiting& waiting) {
      const bool over = waiting.deadline <= now;
      if (over) refuse(waiting, SocksReply::kTtlExpired, "no tunnel was ready in time");
      return over;
    });
    // While streams wait for it, it is not unused, however long it takes to be built.
    if (!entry.tunnel || !entry.used || !entry.waiting.empty()) continue;
    const auto idle = entry.tunnel->idle_since();
    if (idle && *idle + options_.idle_timeout <= now) entry.tunnel->close("unused");
  }
}

bool TunnelManager::close_most_idle() {
  Tunnel* most_idle = nullptr;
  for (auto& [key, entry] : entries_) {
    if (!entry.tunnel || !entry.tunnel->idle_since() || !entry.waiting.empty()) continue;
    if (most_idle == nullptr || *entry.tunnel->idle_since() < *most_idle->idle_since()) {
      most_idle = entry.tunnel.get();
    }
  }
  if (most_idle == nullptr) return false;
  most_idle->close("too many tunnels");
  return true;
}

ProxyStats TunnelManager::stats() {
  ProxyStats out = totals_;
  out.multipath = plugin_ != nullptr;
  out.link_bytes_in = env_.channels.bytes_read();
  out.link_bytes_out = env_.channels.bytes_written();
  out.tunnels.assign(closed_.begin(), closed_.end());
  for (auto& [key, entry] : entries_) {
    if (!entry.tunnel) continue;
    out.streams_open += entry.tunnel->stream_count();
    out.bytes_out += entry.tunnel->bytes_up();
    out.bytes_in += entry.tunnel->bytes_down();
    out.tunnels.push_back(entry.tunnel->stats());
  }
  std::ranges::sort(out.tunnels, {}, &TunnelStats::ordinal);
  return out;
}

}  // namespace onion_proxy
