// What applications give to one client, and what has been delivered of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "examples/scheduler_lab/net/engine.h"
#include "examples/scheduler_lab/net/random.h"
#include "examples/scheduler_lab/scenario/scenario.h"

namespace scheduler_lab {

/// What one waits for: a file, a page with all its objects, a keystroke.
struct Message {
  TrafficKind kind = TrafficKind::kBulk;
  std::size_t flow = 0;
  std::vector<std::uint64_t> objects{};  ///< bytes of each; an object begins a new cell
  Time created = 0;
  std::optional<Time> completed{};
  std::uint64_t size = 0;
  std::uint64_t delivered = 0;
  bool endless = false;
};

/// The body of one DATA cell.
struct Chunk {
  std::uint32_t message = 0;
  std::uint32_t bytes = 0;
};

class Traffic {
 public:
  /// `wake` is called whenever there is something to send that was not there before.
  Traffic(Engine& engine, std::vector<TrafficSpec> specs, Random random, Engine::Action wake);
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  void start();

  /// DATA cells that could be filled now, at most `most`.
  [[nodiscard]] std::size_t backlog(std::size_t most) const;
  /// Flows take turns, cell by cell. Only while there is backlog.
  Chunk next();
  /// In the order of next().
  void deliver(const Chunk& chunk);
  /// A tunnel is lost: whatever was not delivered is to be sent again.
  void restart();

  /// Nothing more will come, and everything has been delivered.
  [[nodiscard]] bool finished() const;
  [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  struct Flow {
    TrafficSpec spec;
    std::deque<std::size_t> waiting{};  ///< messages that are not sent whole
    std::size_t object = 0;             ///< of the first of them: which, and how far
    std::uint64_t offset = 0;
    std::uint64_t made = 0;
    std::uint64_t open = 0;  ///< messages that are not delivered whole
  };

  void make(std::size_t flow);
  void make_later(std::size_t flow);
  [[nodiscard]] std::vector<std::uint64_t> objects_of(const TrafficSpec& spec);
  void complete(Message& message);
  void skip_delivered(Flow& flow);

  Engine& engine_;
  Random random_;
  Engine::Action wake_;
  std::vector<Flow> flows_;
  std::vector<Message> messages_;
  std::size_t turn_ = 0;
  std::uint64_t delivered_ = 0;  ///< bytes
  std::uint64_t sent_ = 0;       ///< bytes, each time they are sent
};

}  // namespace scheduler_lab
