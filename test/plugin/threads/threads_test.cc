// Many tunnels on many threads: owners work on their own, and everybody asks for everything that
// any thread may ask for.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "test/support/bare_tunnel.h"

namespace conflux {
namespace {

using test::BareTunnel;
using test::conflux_table;

constexpr int kRounds = 20'000;
constexpr int kOwners = 4;
constexpr std::size_t kTunnelsEach = 8;

// Ids that owners publish, so that other threads may ask for tunnels that are being destroyed.
using Board = std::array<std::atomic<mpath_tunnel_id>, kOwners * kTunnelsEach>;

// Creates, fills and destroys tunnels of its own; whatever answer shedding brings is legal.
class Owner {
 public:
  Owner(mpath_instance* instance, Board& board, std::size_t number)
      : instance_(instance), board_(board), first_(number * kTunnelsEach), random_(number) {}

  void run() {
    for (int round = 0; round < kRounds; ++round) {
      const std::size_t at = random_() % kTunnelsEach;
      if (tunnels_[at] == nullptr) {
        create(at);
      } else if (random_() % 8 == 0) {
        destroy(at);
      } else {
        work(*tunnels_[at]);
      }
    }
    for (std::size_t at = 0; at < kTunnelsEach; ++at) destroy(at);
  }
  [[nodiscard]] int shed() const { return shed_; }

 private:
  void create(std::size_t at) {
    tunnels_[at] = std::make_unique<BareTunnel>(instance_, 2);
    tunnels_[at]->build();
    ASSERT_EQ(tunnels_[at]->receive_switch(1, 1), MPATH_CONSUMED);
    board_[first_ + at].store(tunnels_[at]->id());
  }
  void destroy(std::size_t at) {
    if (tunnels_[at] == nullptr) return;
    if (tunnels_[at]->info().close_reason == MPATH_REASON_SHED) ++shed_;
    tunnels_[at].reset();
  }
  void work(BareTunnel& tunnel) {
    tunnel.now_us += 1000;
    for (int i = 0; i < 20; ++i) {
      const mpath_status status = tunnel.receive(1, 7);
      ASSERT_TRUE(status == MPATH_HELD || status == MPATH_OK || status == MPATH_E_CLOSED) << status;
    }
    static_cast<void>(tunnel.route());
    static_cast<void>(tunnel.poll());
    if (random_() % 4 == 0 && tunnel.receive(0, 1) == MPATH_OK) {
      while (tunnel.drain() > 0) {
      }
    }
  }

  mpath_instance* instance_;
  Board& board_;
  std::size_t first_;
  std::mt19937 random_;
  std::array<std::unique_ptr<BareTunnel>, kTunnelsEach> tunnels_;
  int shed_ = 0;
};

void ask_about(mpath_instance* instance, mpath_tunnel_id id) {
  std::array<mpath_leg_summary, 4> legs{};
  mpath_leg_summaries out{legs.data(), legs.size(), sizeof(mpath_leg_summary), 0, 0};
  const mpath_status status = conflux_table().tunnel_snapshot(instance, id, &out);
  ASSERT_TRUE(status == MPATH_OK || status == MPATH_E_STALE) << status;
  ASSERT_LE(out.count, 2U);
}

// Cells for a tunnel that is not there: what is found quickly is looked for like the rest.
void offer_cells_to_nobody(mpath_instance* instance, mpath_tunnel_id id) {
  const mpath_route_request request = BareTunnel::route_request(1);
  const mpath_cell cell = BareTunnel::data_cell(1, 7);
  mpath_leg_view view{};
  const mpath_leg_views views{&view, 1, sizeof(view), 0, 0};
  mpath_grant grant{};
  grant.struct_size = sizeof(grant);
  mpath_receipt receipt{};
  receipt.struct_size = sizeof(receipt);
  ASSERT_EQ(conflux_table().route(instance, id, &request, &views, 5, &grant), MPATH_E_STALE);
  ASSERT_EQ(conflux_table().receive(instance, id, &cell, 5, &receipt), MPATH_E_STALE);
}

void drain_log(mpath_instance* instance) {
  std::array<mpath_log_record, 64> records{};
  mpath_log_records out{records.data(), records.size(), sizeof(mpath_log_record), 0, 0, 0};
  ASSERT_EQ(conflux_table().instance_drain_log(instance, &out), MPATH_OK);
  for (std::uint32_t i = 0; i < out.count; ++i) {
    ASSERT_GE(records[i].event, 1U);
    ASSERT_LE(records[i].level, std::uint32_t{MPATH_LOG_TRACE});
  }
}

// The configuration of new tunnels goes back and forth.
void reload(mpath_instance* instance, bool fast) {
  static constexpr std::string_view kFast = "version: 1\nconflux:\n  profile: fast\n";
  static constexpr std::string_view kLab =
      "version: 1\nconflux:\n  profile: lab\n  legs: {count: 3, max: 8}\n";
  const std::string_view text = fast ? kFast : kLab;
  mpath_config_text config{};
  config.struct_size = sizeof(config);
  config.length = static_cast<std::uint32_t>(text.size());
  config.text = text.data();
  config.name = "reload";
  std::array<char, 256> buffer{};
  mpath_text diagnostics{buffer.data(), buffer.size(), 0};
  ASSERT_EQ(conflux_table().instance_reload(instance, &config, &diagnostics), MPATH_OK)
      << buffer.data();
}

// Everything that needs no ownership, until the owners are done.
void bother(mpath_instance* instance, const Board& board, const std::atomic<bool>& done) {
  std::mt19937 random(99);
  while (!done.load()) {
    std::array<mpath_tunnel_id, 4> victims{};
    std::uint32_t count = 0;
    ASSERT_EQ(conflux_table().instance_shed(instance, random() % 20'000, victims.data(),
                                            victims.size(), &count),
              MPATH_OK);
    for (const std::atomic<mpath_tunnel_id>& id : board) ask_about(instance, id.load());
    drain_log(instance);
    std::uint64_t deadline = 0;
    ASSERT_EQ(conflux_table().instance_tick(instance, 5, &deadline), MPATH_OK);
    mpath_instance_info info{};
    info.struct_size = sizeof(info);
    ASSERT_EQ(conflux_table().instance_info(instance, &info), MPATH_OK);
    ASSERT_LE(info.tunnels, board.size());
    if (random() % 16 == 0) reload(instance, random() % 2 == 0);
  }
}

TEST(Threads, OwnersAndOnlookersGetAlong) {
  mpath_instance* instance = test::open_instance();
  Board board{};
  std::atomic<bool> done{false};
  std::vector<Owner> owners;
  for (std::size_t i = 0; i < kOwners; ++i) owners.emplace_back(instance, board, i);
  std::thread onlooker(bother, instance, std::cref(board), std::cref(done));
  std::vector<std::thread> threads;
  for (Owner& owner : owners) threads.emplace_back(&Owner::run, &owner);
  for (std::thread& thread : threads) thread.join();
  done.store(true);
  onlooker.join();

  // When all is destroyed, then nothing is left on the books.
  int shed = 0;
  for (const Owner& owner : owners) shed += owner.shed();
  EXPECT_GT(shed, 0) << "the onlooker must have had victims";
  mpath_instance_info info{};
  info.struct_size = sizeof(info);
  ASSERT_EQ(conflux_table().instance_info(instance, &info), MPATH_OK);
  EXPECT_EQ(info.tunnels, 0U);
  EXPECT_EQ(info.held_bytes, 0U);
  std::uint64_t deadline = 0;
  ASSERT_EQ(conflux_table().instance_tick(instance, 5, &deadline), MPATH_OK);
  EXPECT_EQ(deadline, MPATH_NEVER) << "nobody waits for a victim that has gone";
  EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
}

// A pool of workers: whoever is free takes the next tunnel, as event loops do that share load.
class Pool {
 public:
  explicit Pool(mpath_instance* instance) {
    for (int i = 0; i < 16; ++i) {
      waiting_.push_back(std::make_unique<BareTunnel>(instance, 2));
      waiting_.back()->build();
    }
  }
  void run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      std::unique_ptr<BareTunnel> tunnel = take();
      if (tunnel == nullptr) continue;
      ASSERT_EQ(tunnel->route(), MPATH_OK);
      ASSERT_EQ(tunnel->receive(0, 7), MPATH_OK);
      ASSERT_EQ(tunnel->poll(), MPATH_OK);
      cells_.fetch_add(1, std::memory_order_relaxed);
      give_back(std::move(tunnel));
    }
  }
  [[nodiscard]] std::uint64_t cells() const { return cells_.load(); }
  [[nodiscard]] std::uint64_t counted() const {
    std::uint64_t sum = 0;
    for (const auto& tunnel : waiting_) sum += tunnel->info().cells_received;
    return sum;
  }

 private:
  std::unique_ptr<BareTunnel> take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    std::unique_ptr<BareTunnel> tunnel = std::move(waiting_.front());
    waiting_.pop_front();
    return tunnel;
  }
  void give_back(std::unique_ptr<BareTunnel> tunnel) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(tunnel));
  }

  std::mutex mutex_;
  std::deque<std::unique_ptr<BareTunnel>> waiting_;
  std::atomic<std::uint64_t> cells_{0};
};

TEST(Threads, TunnelsAreFoundWhileTheirTableGrows) {
  constexpr int kTunnels = 5000;  // blocks of several sizes
  // Of a slot that no tunnel is in for the third time, so that a cell never finds another's tunnel.
  constexpr mpath_tunnel_id kLaterGeneration = std::uint64_t{4} << 32U;
  mpath_instance* instance = test::open_instance();
  std::vector<mpath_tunnel_id> ids;
  std::atomic<mpath_tunnel_id> newest{0};
  std::thread owner([&] {
    for (int i = 0; i < kTunnels && !::testing::Test::HasFailure(); ++i) {
      BareTunnel tunnel(instance, 2);
      EXPECT_EQ(tunnel.create(), MPATH_OK);
      ids.push_back(tunnel.release());
      newest.store(ids.back());
    }
    newest.store(UINT64_MAX);
  });
  // Ids that are known, and invented ones of slots that may just be made.
  for (mpath_tunnel_id id = 0; id != UINT64_MAX; id = newest.load()) {
    ask_about(instance, id);
    ask_about(instance, id + 1);
    offer_cells_to_nobody(instance, id + 1 + kLaterGeneration);
  }
  owner.join();
  for (const mpath_tunnel_id id : ids) {
    EXPECT_EQ(conflux_table().tunnel_destroy(instance, id), MPATH_OK);
  }
  EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
}

TEST(Threads, ATunnelMayGoFromThreadToThread) {
  mpath_instance* instance = test::open_instance();
  {
    Pool pool(instance);
    std::vector<std::thread> threads;
    for (int i = 0; i < kOwners; ++i) threads.emplace_back(&Pool::run, &pool, kRounds);
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(pool.cells(), 0U);
    EXPECT_EQ(pool.counted(), pool.cells()) << "no cell is lost on the way to the next thread";
  }
  EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
}

TEST(Threads, TwoInstancesKnowNothingOfEachOther) {
  mpath_instance* first = test::open_instance();
  mpath_instance* second = test::open_instance();
  const auto churn = [](mpath_instance* instance) {
    for (int i = 0; i < kRounds / 4; ++i) {
      BareTunnel tunnel(instance, 3);
      tunnel.build();
      EXPECT_EQ(tunnel.route(), MPATH_OK);
    }
  };
  std::thread one(churn, first);
  std::thread other(churn, second);
  one.join();
  other.join();
  EXPECT_EQ(conflux_table().instance_close(first), MPATH_OK);
  EXPECT_EQ(conflux_table().instance_close(second), MPATH_OK);
}

}  // namespace
}  // namespace conflux
