// A relay as stock tor is one: connections that read while there are tokens, a scheduler (KIST)
// that runs every 10 ms, and connections that write while there are tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "examples/scheduler_lab/net/circuit_queues.h"
#include "examples/scheduler_lab/net/clock.h"
#include "examples/scheduler_lab/net/pipe.h"
#include "examples/scheduler_lab/net/token_bucket.h"

namespace scheduler_lab {

struct RelayOptions {
  std::uint64_t rate = 0;      ///< bytes per second, 0: no limit
  std::uint64_t burst = 0;     ///< bytes
  bool exact_buckets = false;  ///< see TokenBucket
  CoarseClock clock{};
  Time refill_interval = 100 * kMillisecond;  ///< TokenBucketRefillInterval
  Time kist_interval = 10 * kMillisecond;     ///< KISTSchedRunInterval
  /// Mean time until a process that sleeps runs again; exponential.
  Time wake_delay = kMillisecond;
  /// Of one core, for decrypting, queueing and system calls.
  Time turn_cost = 20;
  std::uint64_t cell_cost_ns = 6000;
};

class Relay {
 public:
  /// Cells that end here. An exit's answers go back with `send`.
  using Sink = std::function<void(const Cell&)>;

  Relay(Engine& engine, const RelayOptions& options, Random random);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// A connection to a neighbour; the pipes outlive this. Answers its number.
  std::size_t add_connection(Pipe& in, Pipe& out);
  /// What comes by one connection leaves by the other.
  void add_circuit(std::uint32_t circuit, std::size_t one, std::size_t other);
  /// The circuit ends here.
  void end_circuit(std::uint32_t circuit, std::size_t connection, Sink sink);

  /// Cells of it that are on their way are dropped where they arrive.
  void close_circuit(std::uint32_t circuit) { circuits_.erase(circuit); }

  /// From an exit, back on the circuit.
  void send(const Cell& cell);

 private:
  struct Connection {
    Pipe* in;
    Pipe* out;
    CircuitQueues queues;       ///< of circuits, waiting for KIST
    std::deque<Cell> outbuf;    ///< handed over, waiting for tokens
    bool read_blocked = false;  ///< no tokens
    bool write_blocked = false;
    bool read_due = false;
    bool write_due = false;
  };
  struct Circuit {
    std::size_t one;
    std::size_t other;
    Sink sink;  ///< set if it ends here
  };

  void want_read(std::size_t at);
  void want_write(std::size_t at);
  void turn_read(std::size_t at);
  void turn_write(std::size_t at);
  void forward(std::size_t from, const Cell& cell);
  void queue(std::size_t to, const Cell& cell);
  void schedule_kist();
  void run_kist();
  void flush(Connection& connection);
  void schedule_refill();
  void unblock();
  void busy_for(std::size_t cells);
  Time wake(Time time);
  Time next_turn();

  Engine& engine_;
  RelayOptions options_;
  Random random_;
  std::optional<TokenBucket> bucket_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::map<std::uint32_t, Circuit> circuits_;
  Time busy_until_ = 0;
  Time kist_ran_at_ = 0;
  bool kist_due_ = false;
  bool refill_due_ = false;
};

}  // namespace scheduler_lab
