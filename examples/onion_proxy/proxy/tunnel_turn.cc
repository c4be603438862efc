// Tunnel: cells in, cells out, one turn of the event loop at a time.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "examples/onion_proxy/base/clock.h"
#include "examples/onion_proxy/proxy/tunnel.h"

namespace onion_proxy {
namespace {

// DATA cells routed at once: one TLS record's worth, so that a grant never fills a channel much
// beyond its high-water mark.
constexpr size_t kBatchCells = 31;
// What the plugin's schedulers are told at most; more makes no difference to them.
constexpr size_t kBacklogMax = 4096;
// DATA cells in one turn, so that a fast upload cannot starve what arrives.
constexpr size_t kTurnCells = 256;
constexpr std::string_view kProbeName = "127.0.0.1";

}  // namespace

void Tunnel::handle_leg_cell(Leg& leg, const RelayCell& cell, Instant now) {
  if (state_ == State::kClosed) return;
  if (!is_joined(leg)) {
    // No honest exit has anything to say on a circuit that carries nothing yet.
    return handle_leg_violation(
        leg, {ViolationKind::kUnexpectedCommand,
              "a " + std::string(relay_command_name(cell.command)) + " cell before LINK",
              Culprit::kLastHop});
  }
  const Status received = paths_->receive(leg, cell, *this, now);
  if (received.ok()) return;
  env_.log.warn("tunnel {}: leg {}: {}", ordinal(), leg.ordinal(), received.error());
  close("leg " + std::to_string(leg.ordinal()) + ": " + received.error());
}

void Tunnel::deliver(const RelayCell& cell, Instant now) {
  if (state_ == State::kClosed) return;
  liveness_.note_heard(now);
  if (Stream* stream = streams_.find(cell.stream_id)) {
    const Status handled = stream->handle_cell(cell, now);
    if (handled.ok()) return;
    env_.log.warn("tunnel {}: {}", ordinal(), handled.error());
    return close(handled.error());
  }
  if (!streams_.is_half_closed(cell.stream_id)) {
    // An honest exit has nothing to say on a stream that we never opened or that it ended itself;
    // such cells can carry a mark past the client (DROPMARK).
    const std::string reason =
        "a " + std::string(relay_command_name(cell.command)) + " cell for no stream";
    env_.log.warn("tunnel {}: {}", ordinal(), reason);
    return close(reason);
  }
  // Either ends the stream at the exit; RESOLVED also answers our probes.
  if (cell.command == RelayCommand::kEnd || cell.command == RelayCommand::kResolved) {
    streams_.forget_half_closed(cell.stream_id);
    if (cell.stream_id == probe_id_) probe_id_ = 0;
  }
}

void Tunnel::handle_leg_wake() { turn(); }

void Tunnel::note_ready(Stream& stream) {
  streams_.note_ready(stream);
  schedule_turn();
}

void Tunnel::send_control(RelayHeader header, Bytes body) {
  if (state_ == State::kClosed) return;
  control_.push_back({header, std::move(body)});
  schedule_turn();
}

void Tunnel::schedule_turn() {
  if (turn_due_ || state_ == State::kClosed) return;
  turn_due_ = true;
  boost::asio::post(env_.io, [self = self_] {
    if (*self != nullptr && (*self)->turn_due_) (*self)->turn();
  });
}

void Tunnel::turn() {
  turn_due_ = false;
  if (state_ == State::kBuilding || state_ == State::kClosed) return;
  serve_deadlines();
  // Asking what applications have written costs a system call for each that writes fast: once.
  StreamFacts facts = this->facts();
  poll_paths(facts);
  if (state_ == State::kBuilding) return;  // again: nothing to do until a leg is built
  review_far_legs();
  watch_exit();
  pump_control(facts);
  pump_data(facts);
  wait_for_a_leg(facts);
  streams_.collect();
  arm_timer();
}

// How long at most depends on what went just now.
void Tunnel::wait_for_a_leg(StreamFacts& facts) {
  if (state_ != State::kReady || turn_due_ || streams_.sendable_cells(1, now()) == 0) return;
  facts.backlog_cells = std::max(facts.backlog_cells, 1U);
  poll_paths(facts);
}

StreamFacts Tunnel::facts() {
  return {.backlog_cells = static_cast<uint32_t>(streams_.backlog_cells(kBacklogMax, now())),
          .open_streams = static_cast<uint32_t>(streams_.size()),
          .ever_used = ever_used_,
          .half_stream_expiry = streams_.half_closed_expiry(),
          .disused_since = ever_used_ ? disused_since_ : std::nullopt};
}

void Tunnel::poll_paths(const StreamFacts& facts) {
  const Instant at = now();
  const PathNews news = paths_->poll(facts, at);
  if (news.closed) return close(news.reason);
  was_ready_ = was_ready_ || news.ready;
  if (news.begin_anew) state_ = State::kBuilding;
  for (const DroppedLeg& dropped : news.dropped) {
    handle_dropped(dropped);
    if (state_ == State::kClosed) return;
  }
  if (news.begin_anew) return close_without_legs("no leg was linked in time");
  paths_deadline_ = news.next_deadline;
  if (news.collect_half_streams) streams_.expire_half_closed(at);
  if (news.pressure) handle_pressure(*news.pressure, at);
  if (!news.ready) return;
  state_ = State::kReady;
  boost::asio::post(env_.io, [self = self_] {
    if (*self != nullptr && (*self)->state_ == State::kReady) {
      (*self)->owner_.handle_tunnel_ready(**self);
    }
  });
}

void Tunnel::handle_pressure(Pressure pressure, Instant now) {
  under_pressure_ = pressure != Pressure::kLow;
  switch (pressure) {
    case Pressure::kLow:
      env_.log.info("tunnel {}: out-of-order cells are few again", ordinal());
      for (const auto& leg : legs_) leg->release_sendmes(now);
      return streams_.for_each([](Stream& stream) { stream.release(); });
    case Pressure::kHigh:
      env_.log.info("tunnel {}: out-of-order cells reached the high-water mark, pausing streams",
                    ordinal());
      return streams_.for_each([](Stream& stream) { stream.hold(); });
    // What is missing is under way already, so the exit's windows cannot keep it from coming; and
    // nothing that we send can get past what is stuck, but windows need no message to fill.
    case Pressure::kOverrun:
      env_.log.info("tunnel {}: the exit does not pause, holding SENDMEs back", ordinal());
      for (const auto& leg : legs_) leg->hold_sendmes();
      return;
  }
}

void Tunnel::pump_control(const StreamFacts& facts) {
  while (!control_.empty() && state_ == State::kReady) {
    const RelayCommand command = control_.front().header.command;
    const Instant at = now();
    const auto grant = paths_->route(command, 1, facts, at);
    if (grant.granted == 0) return;
    const Control control = std::move(control_.front());
    control_.pop_front();
    grant.leg->send(
        {.header = control.header, .body = control.body, .hop = grant.leg->circuit().last_hop()},
        at);
  }
}

void Tunnel::pump_data(StreamFacts& facts) {
  // Control cells of a stream go before its DATA: an END queued now would overtake nothing.
  for (size_t sent = 0; state_ == State::kReady && control_.empty();) {
    if (sent >= kTurnCells) return schedule_turn();
    const size_t batch = send_data_batch(facts);
    if (batch == 0) return;
    sent += batch;
    facts.backlog_cells -= std::min(facts.backlog_cells, static_cast<uint32_t>(batch));
    pump_control(facts);
  }
}

size_t Tunnel::send_data_batch(const StreamFacts& facts) {
  const Instant at = now();
  const size_t want = streams_.sendable_cells(kBatchCells, at);
  if (want == 0) return 0;
  const auto grant = paths_->route(RelayCommand::kData, want, facts, at);
  for (size_t sent = 0; sent < grant.granted;) {
    const StreamSet::Turn turn = streams_.next_turn(grant.granted - sent, at);
    if (turn.stream == nullptr) {
      // The grant is a commitment: what was routed and not sent makes a gap at the exit.
      close("cells were routed that no stream could fill");
      return 0;
    }
    send_turn(*grant.leg, turn, at);
    sent += turn.cells;
  }
  return grant.granted;
}

void Tunnel::send_turn(Leg& leg, const StreamSet::Turn& turn, Instant now) {
  for (size_t i = 0; i < turn.cells; ++i) {
    const ByteView body = turn.stream->next_body(short_cells_.next_body_max(), now);
    leg.send({.header = {.command = RelayCommand::kData, .stream_id = turn.stream->id()},
              .body = body,
              .hop = leg.circuit().last_hop()},
             now);
    turn.stream->commit_sent(body.size());
  }
}

void Tunnel::serve_deadlines() {
  const Instant at = now();
  streams_.for_each([at](Stream& stream) {
    if (const auto deadline = stream.next_deadline(at); deadline && *deadline <= at) {
      stream.handle_deadline();
    }
  });
}

void Tunnel::watch_exit() {
  const bool watched = state_ == State::kReady && streams_.size() > 0;
  switch (liveness_.check(watched, now())) {
    case Liveness::Verdict::kFine:
      return;
    case Liveness::Verdict::kProbe:
      (void)upload_moves();  // from now on
      return probe_exit();
    case Liveness::Verdict::kDead:
      if (upload_moves()) return liveness_.note_acknowledged(now());
      env_.log.notice("tunnel {}: the exit has not answered for {} ms", ordinal(),
                      options_.stall_timeout.count() / 1000);
      blame_behind_guards();
      return close("the exit does not answer");
  }
}

// An exit answers for an address at once, without asking a name server. Answers come in order: that
// of a probe before says as much.
void Tunnel::probe_exit() {
  if (probe_id_ != 0) return;
  probe_id_ = streams_.reserve_id();
  if (probe_id_ == 0) return;
  send_control({RelayCommand::kResolve, probe_id_}, encode_resolve(kProbeName));
}

// Since the last look: the exit has acknowledged DATA, on every leg that carries some. A probe
// waits behind what stands before a slow relay, which may be more than passes there in the whole
// timeout. What is on a leg that does not move may never arrive, and nothing behind it is delivered
// then.
bool Tunnel::upload_moves() {
  acked_at_check_.resize(legs_.size());
  bool any = false;
  bool all = true;
  for (size_t i = 0; i < legs_.size(); ++i) {
    if (!legs_[i]->is_built()) continue;
    const Circuit& circuit = legs_[i]->circuit();
    const bool moved =
        circuit.data_acked() != std::exchange(acked_at_check_[i], circuit.data_acked());
    any = any || moved;
    all = all && (moved || circuit.data_sent() == circuit.data_acked());
  }
  return any && all;
}

void Tunnel::arm_timer() {
  if (state_ == State::kClosed) return;
  std::optional<Instant> next = paths_deadline_;
  const auto silence_over = liveness_.next_deadline();
  if (silence_over && (!next || *silence_over < *next)) next = silence_over;
  const bool hurries = state_ == State::kJoining && far_leg_waits();
  if (hurries && (!next || linked_by_ < *next)) next = linked_by_;
  streams_.for_each([&next, at = now()](Stream& stream) {
    const auto deadline = stream.next_deadline(at);
    if (deadline && (!next || *deadline < *next)) next = deadline;
  });
  // Deadlines move on with every cell that is heard. A timer that fires too early costs one turn;
  // setting it anew in each turn would cost more.
  if (next && armed_for_ && *armed_for_ <= *next) return;
  if (next == armed_for_) return;
  armed_for_ = next;
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.run_at(to_steady(*next), [this] {
    armed_for_.reset();
    turn();
  });
}

}  // namespace onion_proxy
