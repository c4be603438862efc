// A tunnel: the root of the core. It routes each call to the class that knows, and computes
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "plugin/core/cell_rules.h"
#include "plugin/core/event.h"
#include "plugin/core/join_rules.h"
#include "plugin/core/leg_set.h"
#include "plugin/core/poll_round.h"
#include "plugin/core/receiver.h"
#include "plugin/core/sender.h"
#include "plugin/core/tunnel_config.h"
#include "plugin/types/check.h"
#include "plugin/types/nonce.h"
#include "plugin/types/reason.h"
#include "plugin/types/relay_command.h"
#include "plugin/types/strong.h"
#include "plugin/types/time.h"

namespace conflux {

// How a call ended. The shim knows the contract's number for each.
enum class Outcome : std::uint8_t {
  kOk,
  kBlocked,
  kHeld,
  kConsumed,
  kPass,
  kIgnored,
  // Host misuse; nothing has changed.
  kArgument,
  kStale,
  kState,
  kBuffer,
  kViews,
  kNotSingle,
  kLegInvalid,
  kLimit,
  // The tunnel has closed now, because of the peer; or had closed before.
  kViolation,
  kClosed,
};

struct TunnelIdentity {
  TunnelOrdinal ordinal;
  Cookie cookie;
};

// Cells that wait to be sent, all of one class and to one hop.
struct RouteRequest {
  CommandClass command;
  HopNum hop;
  LegId leg;  // that they came from; LegId{}: the primary
  Cells want;
};

struct RouteGrant {
  Reason blocked = Reason::NONE;
  LegId leg{};
  Cookie cookie{};
  Cells granted{};
  std::optional<SeqDelta> switch_delta = std::nullopt;  // send SWITCH on that leg first
};

// A relay cell that arrived. The body is borrowed and only read for signalling commands.
struct ReceivedCell {
  LegId leg;
  std::uint8_t command;
  HopNum hop;
  std::span<const std::uint8_t> body;
  Token token;
  std::uint32_t cost;
};

struct DrainedToken {
  Token token;
  LegId leg;
  bool deliver;  // else discard
};

// Where the tunnel stands. Each state owns what is valid in it.
//
//   SinglePath --add_legs--> MultiPath --loss, violation, limit, request--> Closed
//                  (or from the start: JoinRequest::founds_set)
//        +------------------ take_single_leg, loss, request ------------------^
struct SinglePath {
  bool ever_stream;  // of its circuit, as the host said
  bool ever_joined;
};
struct MultiPath {
  JoinPoint join_point;
  Cells cwnd_init;  // at the join point; bounds the first SWITCH
  bool ready_told = false;
};
struct Closed {
  Reason reason;
};

// Detail of the last refusal. Index: which leg of a request, or how many legs there are.
struct Detail {
  Outcome outcome = Outcome::kOk;
  Reason reason = Reason::NONE;
  std::uint32_t index = 0;
};
// Detail::index of add_legs when the tunnel's own first leg is the one that cannot join.
inline constexpr std::uint32_t kFirstLegIndex = UINT32_MAX;

// One thread at a time. Time never goes back: an earlier `now` counts as the last one.
// Calls that change the set end by checking is_consistent(); poll() begins with it. Seed:
// ConfluxSet.
class Tunnel {
 public:
  // A single-path tunnel, unless `first` founds a set; that one then may be a first leg. May throw
  // std::bad_alloc, as may add_legs and handle_cell; those then have changed nothing.
  Tunnel(TunnelIdentity identity, const TunnelConfig& config, const Nonce& nonce,
         const JoinRequest& first);

  // Legs.
  Outcome set_path(LegId leg, const LegPath& path);
  // All or none; `out` is as long as `requests`.
  Outcome add_legs(std::span<const JoinRequest> requests, const LegViews& views,
                   std::span<LegId> out);
  Outcome link(Instant now);
  Outcome remove_leg(LegId leg, Reason reason, const LegViews& views, Instant now);
  // The only leg; the tunnel is empty and closed afterwards.
  Outcome take_single_leg(std::optional<Leg>& out, Instant now);
  // kOk if there is exactly one; else detail() says how many. Seed: single_leg, NotSingleLegError.
  Outcome check_single() noexcept;
  Outcome handle_padding(LegId leg, std::uint32_t action, Instant now);
  void close(Reason reason) noexcept;

  // Cells.
  Outcome route(const RouteRequest& request, const LegViews& views, Instant now, RouteGrant& out);
  // The short way: route() of DATA to the join point if the leg that was chosen last is chosen
  // again for certain. Answers the leg and how many cells it is granted; or null, and nothing has
  // changed.
  const Leg* route_again(CellKey key, Cells want, LegViews views, Instant now,
                         Cells& granted) noexcept;
  // May streams of the join point be read now, and which leg would carry them? By all that these
  // views say, where route() may let what was decided stand for some cells more. Nothing changes.
  // Seed: should_skip_join_point.
  Outcome can_read(const LegViews& views, Instant now, RouteGrant& out);
  Outcome handle_cell(const ReceivedCell& cell, Instant now, Reason& violation);
  // The shortest way of handle_cell(): of DATA from the join point on the leg in turn. It is handed
  // over. False if it is not that for certain, or `now` is earlier than what was, or something is
  // due; then nothing has changed.
  [[nodiscard]] bool deliver_in_turn(CellKey key, LegId leg, Instant now) noexcept;
  // The short way of handle_cell(). The leg on which a cell of this key came, if it is DATA from
  // the join point and counted, `now` is no earlier than what was, and nothing is due: then time
  // goes on. Else null, and nothing has changed.
  [[nodiscard]] Leg* find_counting(CellKey key, LegId leg, Instant now) noexcept;
  // Its next cell is the next one of all; or is held behind others of its leg. Else false, and
  // nothing has changed.
  bool deliver_plainly(Leg& leg) noexcept;
  bool hold_plainly(Leg& leg, LegId id, Token token, std::uint32_t cost) noexcept {
    return receiver_.hold_plainly(leg, id, token, cost, now_);
  }
  // Gives tokens that are in order, or to be discarded, to `take`; `count` at most. Answers how
  // many.
  template <class Take>
  std::uint64_t drain(std::uint64_t count, Take&& take) noexcept;
  [[nodiscard]] bool has_tokens() const noexcept;

  // Events. kBuffer: nothing was told; events_needed() says how much room surely suffices.
  Outcome poll(const LegViews& views, Instant now, EventSink& sink);
  [[nodiscard]] std::size_t events_needed() const noexcept;
  // Lets what is due by `now` happen.
  void expire(Instant now) noexcept;
  [[nodiscard]] Instant next_deadline() const noexcept;
  // The same for a host that has DATA to send, by the backlog of its views, if they stay as they
  // are: a leg that stands still lets others send, and no event tells of it.
  [[nodiscard]] Instant next_deadline(const LegViews& views) const noexcept;

  // Queries.
  // As of now: ask again after the next cell. Const, and yet for one thread at a time: it settles.
  [[nodiscard]] const LegSet& legs() const noexcept {
    settle_turn();
    return legs_;
  }
  [[nodiscard]] const Sender& sender() const noexcept { return sender_; }
  [[nodiscard]] const Receiver& receiver() const noexcept { return receiver_; }
  [[nodiscard]] TunnelIdentity identity() const noexcept { return identity_; }
  [[nodiscard]] const TunnelConfig& config() const noexcept { return config_; }
  [[nodiscard]] const MultiPath* multi_path() const noexcept {
    return std::get_if<MultiPath>(&state_);
  }
  // NONE while it is open.
  [[nodiscard]] Reason close_reason() const noexcept;
  // Legs that have not begun the handshake, or that know nothing of one. Seed: num_unlinked.
  [[nodiscard]] std::size_t count_unlinked() const noexcept;
  [[nodiscard]] const Detail& detail() const noexcept { return detail_; }
  // Grows with each change of the set or of a leg's state.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
  [[nodiscard]] Instant now() const noexcept { return now_; }
  [[nodiscard]] std::uint64_t clock_steps_back() const noexcept { return clock_steps_back_; }
  [[nodiscard]] bool is_consistent() const noexcept;

  // What was logged since the last time. The caller clears it.
  [[nodiscard]] std::vector<LogEntry>& log() noexcept { return log_; }
  // What calls have changed since the last time, as a set of these: what is held; the version, the
  // log or the count of steps back.
  static constexpr std::uint8_t kHeldNews = 1;
  static constexpr std::uint8_t kChangeNews = 2;
  [[nodiscard]] std::uint8_t news() const noexcept { return news_; }
  void commit_news_told() noexcept { news_ = 0; }
  // A change could not be published: the next call tries again.
  void commit_change_untold() noexcept { news_ |= kChangeNews; }

 private:
  Outcome refuse(Outcome outcome, Reason reason = Reason::NONE, std::uint32_t index = 0) noexcept;
  Outcome violate(Reason reason, LegOrdinal leg) noexcept;
  Reason check_join(std::span<const JoinRequest> requests, const LegViews& views,
                    JoinPoint& join_point, std::uint32_t& index) const noexcept;
  void commit_multi_path(const JoinPoint& join_point) noexcept;
  [[nodiscard]] std::optional<LegId> mint_leg(std::uint32_t taken_slots) const noexcept;
  Outcome handle_signalling(Leg& leg, const ReceivedCell& cell, Reason& violation);
  Outcome handle_sequenced(Leg& leg, const ReceivedCell& cell, Reason& violation);
  // Which cells may go a short way.
  struct ShortKeys {
    CellKey sent = kNoCellKey;      // DATA to the join point of a multi-path tunnel
    CellKey received = kNoCellKey;  // DATA from there, while each leg counts what it receives
    friend bool operator==(const ShortKeys&, const ShortKeys&) = default;
  };
  [[nodiscard]] ShortKeys plan_short_keys() const noexcept;
  // The leg in turn is told what it has received: before anyone looks, or may deliver or hold.
  void settle_turn() const noexcept;
  void end_turn() noexcept {
    settle_turn();
    turn_key_ = kNoCellKey;
  }
  [[nodiscard]] bool turn_is_consistent() const noexcept;
  // Is this no earlier than what was, and is nothing due?
  [[nodiscard]] bool time_goes_on(Instant now) const noexcept;
  [[nodiscard]] std::optional<SeqNo> stuck_at() const noexcept;
  [[nodiscard]] RouteGrant plan_unsequenced(const RouteRequest& request) const noexcept;
  void commit_pressure() noexcept;
  void forget_cells_of(LegId leg) noexcept;
  [[nodiscard]] JoinStreams plan_join_streams(const ViewOfLeg& views, Cells backlog) noexcept;
  void tell_notes(Instant now, EventSink& sink) noexcept;
  void tell_conditions(EventSink& sink) noexcept;
  Event& tell_control_cell(Leg& leg, Instant now, EventSink& sink) noexcept;
  void note(EventKind kind, const Leg& leg, Reason reason, std::uint64_t value = 0);
  void log(LogEvent event, LogLevel level, Reason reason, LegOrdinal leg,
           std::uint64_t value) noexcept;
  void note_primary(LegId before, const SendPlan& plan) noexcept;
  void expire_due() noexcept;
  void arm(Instant at) noexcept;
  // The set has changed, or the state of one of its legs.
  void commit_news() noexcept {
    ++version_;
    news_ |= kChangeNews;
    sender_.commit_set_changed();
    const ShortKeys keys = plan_short_keys();
    sent_key_ = keys.sent;
    received_key_ = keys.received;
    end_turn();
  }

  // What each cell asks for first lies together: all that one in turn asks for is in one cache line
  // with the tunnel's gate.
  Instant now_{};
  Instant next_deadline_ = kEndOfTime;  // may be early, never late
  CellKey sent_key_ = kNoCellKey;       // ShortKeys::sent, as of the last news
  // While a leg is in turn: ShortKeys::received. The leg is in turn that brought the last cell if
  // nothing is held. Its next one is then the next one of all, and what it has received is what has
  // been delivered: nothing else need be asked or counted.
  CellKey turn_key_ = kNoCellKey;
  LegId turn_leg_{};
  Receiver receiver_;
  Sender sender_;
  std::variant<SinglePath, MultiPath, Closed> state_;
  mutable LegSet legs_;  // so that legs() can settle the turn

  std::uint8_t news_ = kChangeNews;
  bool pressure_ = false;  // held bytes rose above the high mark and not yet to the low one
  bool pressure_told_ = false;
  CellKey received_key_ = kNoCellKey;  // ShortKeys::received, as of the last news
  TunnelIdentity identity_;
  TunnelConfig config_;
  Nonce nonce_;
  std::vector<Note> notes_;
  std::vector<LogEntry> log_;
  Detail detail_;
  std::uint64_t version_ = 0;
  std::uint64_t clock_steps_back_ = 0;
  std::uint32_t legs_minted_ = 0;
  Reason paused_for_ = Reason::NONE;  // why join-point streams may not be read, as last logged
};

}  // namespace conflux

#include "plugin/core/cell_path.h"  // IWYU pragma: export
