#include "test/sim/world.h"

#include <mpath/reasons.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace sim {
namespace {

constexpr std::uint64_t kStallTimeoutUs = 5'000'000;
constexpr std::size_t kMostLegs = 6;
constexpr std::uint64_t kKiB = 1024;
// One in so many seeds is of a kind of its own: its host drains late.
constexpr std::uint64_t kKinds = 16;
constexpr std::uint64_t kLateKind = 5;

// What a cell costs its host: as on the wire; so that some number of them is exactly the limit, or
// exactly a water mark; next to nothing.
constexpr std::uint32_t kCosts[] = {514, 480, 4064, 4096, 1};
// A few runs hold back more than a thousand cells of one leg, as a fast leg beside a slow one does.
constexpr std::uint32_t kLongWindow = 3000;
// More legs than a far end may send a SWITCH each before a cell.
constexpr int kVisitors = 40;

// Small limits, so that short runs reach them. For half of the seeds, of each kind, it is a byte
// less than what some number of cells takes: of those that cost 480 or 4064 bytes.
std::uint64_t reorder_limit(const HostOptions& host, std::uint64_t seed) {
  if (host.window >= kLongWindow) return 1024 * kKiB;
  return seed / kKinds % 2 == 0 ? 64 * kKiB : 72 * kKiB - 1;
}

LedgerOptions limits(const HostOptions& host, std::uint64_t seed) {
  return {.cwnd_init = host.window,
          .sendme_inc = host.sendme_inc,
          .reorder_limit = reorder_limit(host, seed),
          .high_water = 16 * kKiB,
          .low_water = 4 * kKiB,
          .stall_timeout_us = kStallTimeoutUs,
          .handshake_timeout_us = 2'000'000};
}

// How the host sends. Drawn apart from all else, so that a seed's history stays what it was if it
// draws what there was before: the scheduler of the UX, and no totals.
struct Manner {
  const char* scheduler = "auto";
  bool takes_shares = false;  // a grant may be less than there is room for
  bool tells_totals = false;
  bool founds_set = false;  // begins with one leg, and the others join when they will
};
// These give all that to the seeds in regressions.txt.
constexpr std::uint64_t kMannerSalt = 7;
constexpr std::uint64_t kFoundingSalt = 1;

Manner manner_of(std::uint64_t seed) {
  static constexpr Manner kAll[] = {{"auto"},
                                    {"min_rtt"},
                                    {"low_rtt"},
                                    {"blest"},
                                    {"ecf"},
                                    {.scheduler = "cwnd_rtt", .takes_shares = true},
                                    {.scheduler = "min_rtt_low_mem", .takes_shares = true},
                                    {.scheduler = "low_rtt_low_mem", .takes_shares = true}};
  Random random(seed ^ kMannerSalt << 48U);
  Manner manner = kAll[random.chance(300) ? 0 : random.below(std::size(kAll))];
  manner.tells_totals = random.chance(500);
  manner.founds_set = Random(seed ^ kFoundingSalt << 40U).chance(250);
  return manner;
}

std::string config_text(const LedgerOptions& limits, const Manner& manner, Random& random) {
  static const char* const kUx[] = {"no_opinion", "min_latency", "low_mem_latency",
                                    "high_throughput", "low_mem_throughput"};
  return std::string(
             "version: 1\n"
             "conflux:\n"
             "  profile: lab\n"
             "  handshake_timeout: 2s\n"
             "  reorder:\n"
             "    high_water: 16KiB\n"
             "    low_water: 4KiB\n"
             "    stall_timeout: 5s\n"
             "    tunnel_limit: ") +
         std::to_string(limits.reorder_limit) +
         "B\n    peer_limit: 512KiB\n  desired_ux: " + kUx[random.below(5)] +
         "\n  scheduler: " + manner.scheduler + "\n";
}

// What a reload brings is for tunnels to come: if this one took it, it would show.
constexpr char kReloaded[] =
    "version: 1\n"
    "conflux:\n"
    "  profile: lab\n"
    "  handshake_timeout: 3s\n"
    "  reorder:\n"
    "    tunnel_limit: 128KiB\n"
    "    high_water: 32KiB\n"
    "    low_water: 8KiB\n"
    "    stall_timeout: 9s\n";

bool is_prefix(const std::vector<std::uint64_t>& part, const std::vector<std::uint64_t>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

bool is_violation(std::uint32_t reason) { return reason >= MPATH_REASON_WRONG_HOP; }

}  // namespace

World::World(const RunOptions& options)
    : options_(options), random_(options.seed), now_(random_.below(std::uint64_t{1} << 40U)) {
  HostOptions host;
  host.window = static_cast<std::uint32_t>(random_.between(8, 64));
  host.sendme_inc = static_cast<std::uint32_t>(random_.between(2, 8));
  host.cell_cost = kCosts[random_.below(std::size(kCosts))];
  if (random_.chance(15)) {
    host.cell_cost = 1;
    host.window = kLongWindow;
    burst_ = kLongWindow / 8;
    options_.losses = false;  // most of them last
  }
  host.reloaded = kReloaded;
  host.ledger = limits(host, options.seed);
  if (is_late()) host.drains_at_once = 200;
  const Manner manner = manner_of(options.seed);
  host.config = config_text(host.ledger, manner, random_);
  host.tells_totals = tells_totals_ = manner.tells_totals;
  host.takes_shares = manner.takes_shares;
  host.goes_by_rate = std::string_view(manner.scheduler) == "blest";
  const auto send_on = [this](bool up) {
    return [this, up](std::size_t at, Cell cell) {
      Link& link = *links_[at];
      if (link.dead) return;
      Pipe& pipe = up ? link.up : link.down;
      const std::uint64_t jitter = link.jitter_us == 0 ? 0 : random_.below(link.jitter_us);
      pipe.send(std::move(cell), now_ + link.delay_us + jitter);
    };
  };
  client_ = std::make_unique<ClientHost>(host, send_on(true), random_);
  exit_ = std::make_unique<ReferenceExit>(send_on(false), host.window, host.sendme_inc);
  const std::size_t drawn = random_.between(2, 4);
  const std::size_t legs = manner.founds_set ? 1 : drawn;
  for (std::size_t i = 0; i < legs; ++i) add_link();
  client_->start(legs, now_);
}

void World::add_link() {
  auto link = std::make_unique<Link>();
  link->delay_us = random_.between(1, 100'000);
  link->jitter_us = random_.chance(500) ? random_.between(1, 50'000) : 0;
  links_.push_back(std::move(link));
  exit_->add_leg();
}

bool World::is_late() const { return options_.seed % kKinds == kLateKind; }

void World::say(const std::string& what) const {
  if (options_.verbose)
    std::printf("%12llu us  %s\n", static_cast<unsigned long long>(now_), what.c_str());
}

RunResult World::run() {
  RunResult result;
  if (!client_->report().error.empty()) {  // not even begun
    judge(result);
    return result;
  }
  if (options_.hostile && random_.chance(20)) {
    for (int i = 0; i < kVisitors && client_->report().error.empty(); ++i) come_and_go();
  }
  for (std::size_t i = 0; i < options_.steps; ++i) {
    step();
    if (i % kStepsPerLook == 0) client_->check_numbers();
    if (!client_->report().error.empty()) break;
  }
  settle();
  judge(result);
  return result;
}

void World::step() {
  now_ += random_.below(3'000);
  switch (random_.below(8)) {
    case 0:
      client_->poll(poll_time());
      break;
    case 1:
    case 2: {
      if (!client_->ready()) break;
      const std::size_t gone =
          client_->send_cells(random_.between(1, 16), random_.chance(800), now_);
      say("client sends " + std::to_string(gone));
      break;
    }
    case 3:
    case 4: {
      const std::size_t gone = exit_->send_cells(random_.between(1, burst_), random_);
      say("exit sends " + std::to_string(gone));
      break;
    }
    case 5:
    case 6:
      move_cells(random_.between(1, 2 * burst_));
      break;
    default:
      disturb();
  }
}

void World::move_cells(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = random_.below(links_.size());
    move_one(at, random_.chance(500));
  }
}

void World::move_one(std::size_t at, bool up) {
  Link& link = *links_[at];
  Pipe& pipe = up ? link.up : link.down;
  if (!pipe.ready(now_)) return;
  Cell cell = pipe.take();
  if (up) {
    exit_->receive(at, cell);
    return;
  }
  if (options_.canary && cell.content != 0 && random_.chance(20)) return;  // silently lost
  if (options_.hostile && random_.chance(20)) cell = mutate(at, std::move(cell));
  client_->receive(at, cell, now_);
  if (options_.hostile && random_.chance(10)) {
    cell.content = new_content();
    client_->receive(at, cell, now_);
  }
  if (options_.hostile && random_.chance(5)) client_->receive(at, invent_switch(at), now_);
  // Most hosts poll after each wake-up; some are late.
  if (random_.chance(700)) client_->poll(now_);
}

// What a peer that means harm, or lost its mind, makes of a cell.
Cell World::mutate(std::size_t at, Cell cell) {
  static const std::uint8_t kCommands[] = {kBegin,  kData,      kEnd,   kLink,
                                           kLinked, kLinkedAck, kSwitch};
  switch (random_.below(5)) {
    case 0:
      cell.command = kCommands[random_.below(std::size(kCommands))];
      break;
    case 1:
      if (!cell.body.empty()) {
        std::uint8_t& byte = cell.body[random_.below(cell.body.size())];
        byte = static_cast<std::uint8_t>(byte ^ 1U << random_.below(8));
      }
      break;
    case 2:
      cell.body.resize(random_.below(cell.body.size() + 1));
      break;
    case 3:
      cell = invent_switch(at);
      break;
    default:
      cell.command = static_cast<std::uint8_t>(random_.next());
  }
  cell.content = new_content();
  return cell;
}

// A jump of nothing, of little, of any power of two, or of all that is allowed, give or take one.
Cell World::invent_switch(std::size_t at) {
  std::uint64_t delta = random_.below(4);
  if (random_.chance(300)) delta = std::uint64_t{1} << random_.below(32);
  if (random_.chance(500)) delta = client_->ledger().furthest_delta(at) + random_.below(2);
  if (random_.chance(100)) delta = UINT32_MAX;
  return make_switch(delta);
}

Cell World::make_switch(std::uint64_t delta) {
  Cell cell{.command = kSwitch, .content = new_content(), .body = {}};
  for (int shift = 24; shift >= 0; shift -= 8) {
    cell.body.push_back(static_cast<std::uint8_t>(delta >> shift));
  }
  return cell;
}

// A name that no honest cell has.
std::uint64_t World::new_content() { return (std::uint64_t{1} << 63U) | random_.next() >> 1U; }

// Most hosts poll when they are told to; some are late, some early, some have a poor clock.
std::uint64_t World::poll_time() {
  const std::uint64_t deadline = client_->deadline();
  if (random_.chance(20)) return now_ - random_.below(10'000);
  // To the deadline itself, or to just before it.
  if (random_.chance(20) && deadline > now_ && deadline - now_ < kStallTimeoutUs) {
    now_ = deadline - random_.below(2);
  }
  return now_;
}

void World::disturb() {
  const std::size_t at = random_.below(links_.size());
  switch (random_.below(40)) {
    case 0:
    case 1:
      links_[at]->down.stalled = !links_[at]->down.stalled;
      say("leg " + std::to_string(at) + " stalls or goes on");
      break;
    case 2:
      links_[at]->up.stalled = !links_[at]->up.stalled;
      break;
    case 3:
      if (options_.losses) kill(at);
      break;
    case 4:
      if (options_.losses && !links_[at]->dead) retire(at);
      break;
    case 5:
      client_->reload();
      break;
    case 6:
      join();
      break;
    case 7:
      if (random_.chance(50)) {
        asked_to_close_ = true;
        client_->close(now_);
      }
      break;
    case 8:
      now_ += random_.below(400'000);
      break;
    case 9:
      client_->pad(at, now_);
      break;
    case 10:
      client_->block_channel(at);
      break;
    case 11:
      client_->link(now_);  // with nobody to link, mostly
      break;
    default:
      client_->poll(poll_time());
      if (random_.chance(300)) client_->poll(poll_time());
      if (options_.hostile && is_late()) overlap();
  }
}

// Two legs that claim the same numbers: one is ahead, and the other comes up to it and past it,
// while what is held has not been drained.
void World::overlap() {
  const std::size_t ahead = random_.below(links_.size());
  const std::size_t behind = random_.below(links_.size());
  if (ahead == behind || !client_->ready()) return;
  const std::uint64_t gap = random_.between(1, 3);
  bring(ahead, client_->ledger().delta_to_next(ahead, gap), random_.between(1, 2));
  bring(behind, client_->ledger().delta_to_next(behind, 0), gap + random_.below(4));
  bring(ahead, 0, random_.between(1, 3));
}

void World::bring(std::size_t at, std::uint64_t delta, std::uint64_t cells) {
  if (delta > 0) client_->receive(at, make_switch(delta), now_);
  for (; cells > 0; --cells) {
    client_->receive(at, {.command = kData, .content = new_content(), .body = {}}, now_);
  }
}

// Legs join at any moment: before the first are linked, while one is leaving, while cells are held.
void World::join() {
  const std::size_t count = random_.between(1, 2);
  if (links_.size() + count > kMostLegs) return;
  // The circuits exist before the plugin hears of them.
  for (std::size_t i = 0; i < count; ++i) add_link();
  if (!client_->add_legs(count)) {
    for (std::size_t i = 0; i < count; ++i) {
      links_.pop_back();
      exit_->forget_leg();
    }
    return;
  }
  if (random_.chance(900)) client_->link(now_);
}

// A leg that joins, is linked, gets a SWITCH of nothing and leaves: legal, but not for ever.
void World::come_and_go() {
  constexpr std::uint64_t kThereAndBack = 150'001;
  const std::size_t at = links_.size();
  add_link();
  if (!client_->add_legs(1)) {
    links_.pop_back();
    exit_->forget_leg();
    return;
  }
  client_->link(now_);
  client_->poll(now_);
  for (const bool up : {true, false}) {
    now_ += kThereAndBack;
    // All legs, so that those that stay get through their handshake.
    for (std::size_t i = 0; i < links_.size(); ++i) {
      while ((up ? links_[i]->up : links_[i]->down).ready(now_)) move_one(i, up);
    }
  }
  client_->poll(now_);
  client_->receive(at, {.command = kSwitch, .content = new_content(), .body = {0, 0, 0, 0}}, now_);
  client_->check_numbers();
  retire(at);
}

void World::retire(std::size_t at) {
  say("leg " + std::to_string(at) + " is retired");
  const bool failed = random_.chance(100);
  client_->retire(at, failed ? MPATH_REASON_SEND_FAILED : MPATH_REASON_RETIRED, now_);
  kill(at);
}

void World::kill(std::size_t at) {
  Link& link = *links_[at];
  if (link.dead) return;
  say("leg " + std::to_string(at) + " dies");
  link.dead = true;
  link.lost_cells = !link.down.empty() || !link.up.empty();
  link.up.lose_all();
  link.down.lose_all();
  exit_->kill_leg(at);
  client_->lose_circuit(at);
}

// Lets everything arrive that still can, and once more what may go then; then lets every timer run
// out.
void World::settle() {
  let_arrive();
  if (tells_totals_ && !options_.hostile && !has_lost_a_leg()) {
    client_->expect_free(now_);
    let_arrive();
  }
  client_->finish(now_);
  now_ += 2 * kStallTimeoutUs;
  client_->finish(now_);
}

bool World::has_lost_a_leg() const {
  return std::ranges::any_of(links_, [](const auto& link) { return link->dead; });
}

void World::let_arrive() {
  for (auto& link : links_) link->up.stalled = link->down.stalled = false;
  bool moving = true;
  while (moving && client_->report().error.empty()) {
    moving = false;
    now_ += 200'000;
    client_->poll(now_);
    for (std::size_t at = 0; at < links_.size(); ++at) {
      for (const bool up : {true, false}) {
        while ((up ? links_[at]->up : links_[at]->down).ready(now_)) {
          moving = true;
          move_one(at, up);
        }
      }
      moving = moving || !links_[at]->up.empty() || !links_[at]->down.empty();
    }
    client_->drain(64);
  }
}

void World::judge(RunResult& result) const {
  const HostReport& report = client_->report();
  result.trace = client_->trace();
  result.sent = report.sent.size() + exit_->sent().size();
  result.delivered = report.delivered.size() + exit_->delivered().size();
  result.closed_reason = report.closed_reason;
  result.peer_was_full = report.peer_was_full;
  result.violation = report.error;
  if (!result.violation.empty() || options_.hostile) return;

  const bool lost = has_lost_a_leg();
  const bool open = report.closed_reason == 0;
  if (!exit_->error().empty()) {
    result.violation = "the exit saw: " + exit_->error();
  } else if (!is_prefix(report.delivered, exit_->sent())) {
    result.violation = "the client delivered something else than the exit sent";
  } else if (!is_prefix(exit_->delivered(), report.sent)) {
    result.violation = "the exit delivered something else than the client sent";
  } else if (is_violation(report.closed_reason)) {
    result.violation = "an honest exit was accused: reason " + std::to_string(report.closed_reason);
  } else if (!open && !lost && !asked_to_close_ && report.closed_reason != MPATH_REASON_STALLED &&
             report.closed_reason != MPATH_REASON_REORDER_LIMIT &&
             report.closed_reason != MPATH_REASON_DEPLETED) {
    result.violation = "closed without a cause: reason " + std::to_string(report.closed_reason);
  } else if (open && client_->tokens_held() > 0) {
    result.violation = "cells are held for ever";
  } else if (open && !lost && report.delivered != exit_->sent()) {
    result.violation = "not everything arrived at the client";
  } else if (open && !lost && exit_->delivered() != report.sent) {
    result.violation = "not everything arrived at the exit";
  }
}

RunResult run(const RunOptions& options) { return World(options).run(); }

}  // namespace sim
