// Relays, the exit, and the connections between them, as a scenario describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "examples/scheduler_lab/net/pipe.h"
#include "examples/scheduler_lab/net/relay.h"
#include "examples/scheduler_lab/scenario/scenario.h"

namespace scheduler_lab {

/// A client's connection to a guard. Cells wait here when the kernel takes no more, and with 64 of
/// them the channel is blocked until 32 are left.
class ClientChannel {
 public:
  using Handler = std::function<void(const Cell&)>;

  ClientChannel(Pipe& in, Pipe& out);

  void attach(std::uint32_t circuit, Handler handler) { handlers_[circuit] = std::move(handler); }
  void detach(std::uint32_t circuit) { handlers_.erase(circuit); }
  /// After all cells of one read, and when it takes cells again.
  void on_wake(Engine::Action action) { wake_ = std::move(action); }

  void send(std::span<const Cell> cells);
  [[nodiscard]] bool blocked() const { return blocked_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

 private:
  void read();
  void flush();

  Pipe& in_;
  Pipe& out_;
  std::map<std::uint32_t, Handler> handlers_;
  std::deque<Cell> queue_;
  Engine::Action wake_;
  bool blocked_ = false;
};

class Network {
 public:
  Network(Engine& engine, const Scenario& scenario, const CoarseClock& clock, Random random);

  /// The relays of one leg and the connections between them. Legs of one client that begin at the
  /// same guard share its connection.
  struct Path {
    ClientChannel* channel = nullptr;
    std::size_t guard = 0;
    std::size_t middle = 0;
    std::size_t exit = 0;
    std::size_t client_at_guard = 0;  ///< numbers of connections
    std::size_t middle_at_guard = 0;
    std::size_t guard_at_middle = 0;
    std::size_t exit_at_middle = 0;
    std::size_t middle_at_exit = 0;
  };
  Path add_path(std::size_t client, const LegSpec& leg);

  /// Answers the circuit's number. `sink` gets what reaches the exit.
  std::uint32_t open_circuit(const Path& path, Relay::Sink sink);
  void close_circuit(const Path& path, std::uint32_t circuit);
  void answer(const Path& path, const Cell& cell) { nodes_[path.exit]->send(cell); }

 private:
  std::size_t node(const std::string& name);
  Pipe& pipe(PipeOptions options);
  /// Numbers of the connection between two nodes, at the first and at the second.
  std::pair<std::size_t, std::size_t> connect(std::size_t a, std::size_t b);

  Engine& engine_;
  const Scenario& scenario_;
  CoarseClock clock_;
  Random random_;
  std::vector<std::unique_ptr<Relay>> nodes_;
  std::map<std::string, std::size_t> names_;
  std::map<std::pair<std::size_t, std::size_t>, std::pair<std::size_t, std::size_t>> connections_;
  struct Attached {
    std::unique_ptr<ClientChannel> channel;
    std::size_t at_guard = 0;
  };
  std::map<std::pair<std::size_t, std::size_t>, Attached> channels_;  ///< by client and guard
  std::vector<std::unique_ptr<Pipe>> pipes_;
  std::uint32_t circuits_ = 0;
};

}  // namespace scheduler_lab
