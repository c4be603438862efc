#include "examples/scheduler_lab/net/network.h"

#include <algorithm>
#include <tuple>

namespace scheduler_lab {
namespace {

constexpr std::size_t kHighWaterCells = 64;
constexpr std::size_t kLowWaterCells = 32;
constexpr const char* kExitName = "";  // no relay of a scenario has an empty name

}  // namespace

ClientChannel::ClientChannel(Pipe& in, Pipe& out) : in_(in), out_(out) {
  in_.on_readable([this] { read(); });
  out_.on_writable([this] {
    const bool was_blocked = blocked_;
    flush();
    if (was_blocked && !blocked_ && wake_) wake_();
  });
}

void ClientChannel::read() {
  while (in_.unread() > 0) {
    const Cell cell = in_.read();
    if (const auto found = handlers_.find(cell.circuit); found != handlers_.end()) {
      found->second(cell);
    }
  }
  if (wake_) wake_();
}

void ClientChannel::send(std::span<const Cell> cells) {
  queue_.insert(queue_.end(), cells.begin(), cells.end());
  flush();
}

void ClientChannel::flush() {
  const std::size_t count = std::min(queue_.size(), out_.room());
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  const std::vector<Cell> cells(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  out_.write(cells);
  if (queue_.size() >= kHighWaterCells) blocked_ = true;
  if (queue_.size() <= kLowWaterCells) blocked_ = false;
}

Network::Network(Engine& engine, const Scenario& scenario, const CoarseClock& clock, Random random)
    : engine_(engine), scenario_(scenario), clock_(clock), random_(random) {}

std::size_t Network::node(const std::string& name) {
  const auto [found, is_new] = names_.try_emplace(name, nodes_.size());
  if (!is_new) return found->second;
  RelayOptions options{.exact_buckets = scenario_.tor.exact_buckets,
                       .clock = clock_,
                       .refill_interval = scenario_.tor.refill_interval,
                       .kist_interval = scenario_.tor.kist_interval,
                       .wake_delay = scenario_.tor.wake_delay};
  const auto spec = std::ranges::find(scenario_.relays, name, &RelaySpec::name);
  if (spec != scenario_.relays.end()) {
    options.rate = spec->rate;
    options.burst = spec->burst;
  }
  nodes_.push_back(std::make_unique<Relay>(engine_, options, random_.split()));
  return found->second;
}

Pipe& Network::pipe(PipeOptions options) {
  options.capacity = scenario_.tor.socket_buffer;
  options.mss = scenario_.tor.mss;
  pipes_.push_back(std::make_unique<Pipe>(engine_, std::move(options), random_.split()));
  return *pipes_.back();
}

std::pair<std::size_t, std::size_t> Network::connect(std::size_t a, std::size_t b) {
  const auto [found, is_new] = connections_.try_emplace({a, b});
  if (!is_new) return found->second;
  Pipe& there = pipe({});
  Pipe& back = pipe({});
  there.join(back);
  back.join(there);
  found->second = {nodes_[a]->add_connection(back, there), nodes_[b]->add_connection(there, back)};
  return found->second;
}

Network::Path Network::add_path(std::size_t client, const LegSpec& leg) {
  Path path{.guard = node(leg.guard), .middle = node(leg.middle), .exit = node(kExitName)};
  Attached& attached = channels_[{client, path.guard}];
  if (!attached.channel) {
    PipeOptions options{.delay = std::max<Time>(leg.delay, PipeOptions{}.delay),
                        .jitter = leg.jitter,
                        .stalls = leg.stalls};
    if (scenario_.tor.acks_travel) options.ack_delay = options.delay;
    // Our host writes without delay, as onion-proxy does.
    PipeOptions at_once = options;
    at_once.nagle = false;
    Pipe& up = pipe(at_once);
    Pipe& down = pipe(options);
    up.join(down);
    down.join(up);
    attached.channel = std::make_unique<ClientChannel>(down, up);
    attached.at_guard = nodes_[path.guard]->add_connection(up, down);
  }
  path.channel = attached.channel.get();
  path.client_at_guard = attached.at_guard;
  std::tie(path.middle_at_guard, path.guard_at_middle) = connect(path.guard, path.middle);
  std::tie(path.exit_at_middle, path.middle_at_exit) = connect(path.middle, path.exit);
  return path;
}

std::uint32_t Network::open_circuit(const Path& path, Relay::Sink sink) {
  const std::uint32_t circuit = ++circuits_;
  nodes_[path.guard]->add_circuit(circuit, path.client_at_guard, path.middle_at_guard);
  nodes_[path.middle]->add_circuit(circuit, path.guard_at_middle, path.exit_at_middle);
  nodes_[path.exit]->end_circuit(circuit, path.middle_at_exit, std::move(sink));
  return circuit;
}

void Network::close_circuit(const Path& path, std::uint32_t circuit) {
  for (const std::size_t at : {path.guard, path.middle, path.exit}) {
    nodes_[at]->close_circuit(circuit);
  }
  path.channel->detach(circuit);
}

}  // namespace scheduler_lab
