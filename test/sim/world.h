// Two ends, their legs and a virtual clock: one seeded run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "test/sim/cell.h"
#include "test/sim/client_host.h"
#include "test/sim/random.h"
#include "test/sim/reference_exit.h"

namespace sim {

struct RunOptions {
  std::uint64_t seed = 1;
  std::size_t steps = 200;
  bool hostile = false;  // the far end and the network may do anything to a cell
  bool losses = true;    // circuits may die
  bool canary = false;   // cells vanish where none can: the oracle must notice
  bool verbose = false;  // each step on standard output
};

struct RunResult {
  std::string violation;  // empty: the oracle is content
  std::uint64_t trace = 0;
  std::size_t sent = 0;
  std::size_t delivered = 0;
  std::uint32_t closed_reason = 0;
  std::size_t peer_was_full = 0;  // times that an upload waited for the far end's memory
};

// The oracle in one sentence: what is delivered is what was sent, in order, or the tunnel closes
// with a reason; and everything stays bounded.
class World {
 public:
  explicit World(const RunOptions& options);
  RunResult run();

 private:
  struct Link {
    Pipe up;    // client to exit
    Pipe down;  // exit to client
    std::uint64_t delay_us = 0;
    std::uint64_t jitter_us = 0;
    bool dead = false;
    bool lost_cells = false;
  };

  void add_link();
  void step();
  void move_cells(std::size_t count);
  void move_one(std::size_t at, bool up);
  void disturb();
  void kill(std::size_t at);
  void retire(std::size_t at);
  void join();
  void come_and_go();
  std::uint64_t poll_time();
  Cell mutate(std::size_t at, Cell cell);
  Cell invent_switch(std::size_t at);
  Cell make_switch(std::uint64_t delta);
  void overlap();
  void bring(std::size_t at, std::uint64_t delta, std::uint64_t cells);
  [[nodiscard]] bool is_late() const;
  std::uint64_t new_content();
  void settle();
  void let_arrive();
  [[nodiscard]] bool has_lost_a_leg() const;
  void judge(RunResult& result) const;
  void say(const std::string& what) const;

  RunOptions options_;
  Random random_;
  std::uint64_t now_;
  std::vector<std::unique_ptr<Link>> links_;
  std::unique_ptr<ReferenceExit> exit_;
  std::unique_ptr<ClientHost> client_;
  bool asked_to_close_ = false;
  bool tells_totals_ = false;  // so that legs are watched, and the far end's memory is spared
  std::uint64_t burst_ = 16;   // cells that the exit sends at once, at most
};

// One run, as World does it.
RunResult run(const RunOptions& options);

}  // namespace sim
