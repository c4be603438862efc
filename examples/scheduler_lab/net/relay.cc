#include "examples/scheduler_lab/net/relay.h"

#include <algorithm>

namespace scheduler_lab {
namespace {

constexpr std::uint64_t kUnlimitedShare = 32 * kCellBytes;

std::size_t cells_of(std::uint64_t bytes) { return (bytes + kWireBytes - 1) / kWireBytes; }

}  // namespace

Relay::Relay(Engine& engine, const RelayOptions& options, Random random)
    : engine_(engine), options_(options), random_(random) {
  if (options.rate > 0) {
    bucket_.emplace(
        TokenBucket::Options{
            .rate = options.rate, .burst = options.burst, .exact = options.exact_buckets},
        options.clock.stamp(engine.now()));
  }
}

std::size_t Relay::add_connection(Pipe& in, Pipe& out) {
  const std::size_t at = connections_.size();
  auto connection = std::make_unique<Connection>();
  connection->in = &in;
  connection->out = &out;
  connections_.push_back(std::move(connection));
  in.on_readable([this, at] { want_read(at); });
  out.on_writable([this, at] {
    schedule_kist();
    want_write(at);
  });
  return at;
}

void Relay::add_circuit(std::uint32_t circuit, std::size_t one, std::size_t other) {
  circuits_[circuit] = {one, other, {}};
}

void Relay::end_circuit(std::uint32_t circuit, std::size_t connection, Sink sink) {
  circuits_[circuit] = {connection, connection, std::move(sink)};
}

// Work is done one piece after the other, on one core.
void Relay::busy_for(std::size_t cells) {
  const Time cost = options_.turn_cost + cells * options_.cell_cost_ns / 1000;
  busy_until_ = std::max(busy_until_, engine_.now()) + cost;
}

// A process that sleeps is woken when the kernel has time for it.
Time Relay::wake(Time time) {
  return time + static_cast<Time>(random_.exponential(static_cast<double>(options_.wake_delay)));
}

Time Relay::next_turn() { return busy_until_ > engine_.now() ? busy_until_ : wake(engine_.now()); }

void Relay::want_read(std::size_t at) {
  Connection& connection = *connections_[at];
  if (connection.read_due || connection.read_blocked || connection.in->unread() == 0) return;
  connection.read_due = true;
  engine_.at(next_turn(), [this, at] { turn_read(at); });
}

void Relay::want_write(std::size_t at) {
  Connection& connection = *connections_[at];
  if (connection.write_due || connection.write_blocked || connection.outbuf.empty()) return;
  if (connection.out->room() == 0) return;
  connection.write_due = true;
  engine_.at(next_turn(), [this, at] { turn_write(at); });
}

void Relay::turn_read(std::size_t at) {
  Connection& connection = *connections_[at];
  connection.read_due = false;
  if (bucket_) bucket_->refill(options_.clock.stamp(engine_.now()));
  const std::uint64_t share = bucket_ ? bucket_->read_share() : kUnlimitedShare;
  // TLS gives whole records, so the last one may go over.
  const std::size_t count = std::min(cells_of(share), connection.in->unread());
  for (std::size_t i = 0; i < count; ++i) forward(at, connection.in->read());
  if (bucket_) {
    bucket_->take_read(count * kWireBytes);
    if (!bucket_->may_read()) {
      connection.read_blocked = true;
      schedule_refill();
    }
  }
  busy_for(count);
  want_read(at);
}

void Relay::forward(std::size_t from, const Cell& cell) {
  const auto found = circuits_.find(cell.circuit);
  if (found == circuits_.end()) return;
  const Circuit& circuit = found->second;
  if (circuit.sink) return circuit.sink(cell);
  queue(from == circuit.one ? circuit.other : circuit.one, cell);
}

void Relay::send(const Cell& cell) {
  const auto found = circuits_.find(cell.circuit);
  if (found != circuits_.end()) queue(found->second.one, cell);
}

void Relay::queue(std::size_t to, const Cell& cell) {
  connections_[to]->queues.push(cell);
  schedule_kist();
}

// C-tor: kist_scheduler_schedule(). It runs at once if its last run is long ago.
void Relay::schedule_kist() {
  if (kist_due_) return;
  kist_due_ = true;
  const Time next = kist_ran_at_ + options_.kist_interval;
  const Time now = engine_.now();
  const Time at = next <= now ? now : options_.clock.timer(now, next - now);
  engine_.at(std::max(wake(at), busy_until_), [this] { run_kist(); });
}

void Relay::run_kist() {
  kist_due_ = false;
  kist_ran_at_ = engine_.now();
  bool left = false;
  for (std::size_t at = 0; at < connections_.size(); ++at) {
    Connection& connection = *connections_[at];
    // KIST keeps what has left the circuits within what the kernel could take.
    std::size_t room = connection.out->room();
    room = room > connection.outbuf.size() ? room - connection.outbuf.size() : 0;
    for (; room > 0 && !connection.queues.empty(); --room) {
      connection.outbuf.push_back(connection.queues.pop(engine_.now()));
    }
    left = left || !connection.queues.empty();
    // It writes whether or not the connection waits for tokens.
    if (!connection.outbuf.empty()) flush(connection);
    want_write(at);
  }
  if (left) schedule_kist();
}

void Relay::turn_write(std::size_t at) {
  Connection& connection = *connections_[at];
  connection.write_due = false;
  if (!connection.write_blocked) flush(connection);
  want_write(at);
}

void Relay::flush(Connection& connection) {
  if (bucket_) bucket_->refill(options_.clock.stamp(engine_.now()));
  const std::uint64_t share = bucket_ ? bucket_->write_share() : kUnlimitedShare;
  const std::size_t count =
      std::min({cells_of(share), connection.outbuf.size(), connection.out->room()});
  const auto end = connection.outbuf.begin() + static_cast<std::ptrdiff_t>(count);
  const std::vector<Cell> cells(connection.outbuf.begin(), end);
  connection.outbuf.erase(connection.outbuf.begin(), end);
  connection.out->write(cells);
  busy_for(count);
  if (!bucket_) return;
  bucket_->take_written(count * kWireBytes);
  if (bucket_->may_write()) return;
  connection.write_blocked = true;
  schedule_refill();
}

void Relay::schedule_refill() {
  if (refill_due_) return;
  refill_due_ = true;
  const Time at = options_.clock.timer(engine_.now(), options_.refill_interval);
  engine_.at(wake(at), [this] { unblock(); });
}

void Relay::unblock() {
  refill_due_ = false;
  for (std::size_t at = 0; at < connections_.size(); ++at) {
    connections_[at]->read_blocked = false;
    connections_[at]->write_blocked = false;
    want_read(at);
    want_write(at);
  }
}

}  // namespace scheduler_lab
