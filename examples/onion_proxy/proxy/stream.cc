#include "examples/onion_proxy/proxy/stream.h"

#include <algorithm>
#include <limits>

namespace onion_proxy {
namespace {

// How often to look whether the application has emptied its queue while the exit is paused.
constexpr Micros kDrainCheck = std::chrono::milliseconds(5);

std::string target_of(const SocksRequest& request) {
  const std::string host = request.host_is_ipv6 ? "[" + request.host + "]" : request.host;
  return host + ":" + std::to_string(request.port);
}

size_t cells_for(size_t bytes) { return (bytes + kRelayBodyMax - 1) / kRelayBodyMax; }

// An end that cuts data off must not look like the end of the data.
bool is_abnormal(EndReason reason) {
  switch (reason) {
    case EndReason::kMisc:
    case EndReason::kDone:
      return false;
    case EndReason::kResolveFailed:
    case EndReason::kConnectRefused:
    case EndReason::kExitPolicy:
    case EndReason::kDestroy:
    case EndReason::kTimeout:
    case EndReason::kNoRoute:
    case EndReason::kHibernating:
    case EndReason::kInternal:
    case EndReason::kResourceLimit:
    case EndReason::kConnReset:
    case EndReason::kTorProtocol:
    case EndReason::kNotDirectory:
      return true;
  }
  return true;
}

}  // namespace

Stream::Stream(StreamHost& host, SocksArrival arrival, const Options& options)
    : host_(host),
      arrival_(std::move(arrival)),
      options_(options),
      send_flow_(options.flow),
      receive_flow_(options.flow) {}

Stream::~Stream() {
  if (state_ != State::kFinished) fail();
}

void Stream::open() {
  connect_deadline_ = host_.now() + options_.connect_timeout;
  const SocksRequest& request = arrival_.request;
  if (request.command == SocksCommand::kResolve) {
    host_.send_control({RelayCommand::kResolve, id()}, encode_resolve(request.host));
  } else {
    host_.send_control({RelayCommand::kBegin, id()}, encode_begin(target_of(request)));
  }
  arrival_.socket->set_user(this);
}

Status Stream::handle_cell(const RelayCell& cell, Instant now) {
  if (state_ == State::kFinished) return Status();
  switch (cell.command) {
    case RelayCommand::kConnected:
      return handle_connected(cell);
    case RelayCommand::kData:
      return handle_data(cell, now);
    case RelayCommand::kEnd:
      return handle_end(cell);
    case RelayCommand::kResolved:
      return handle_resolved(cell);
    case RelayCommand::kXoff:
    case RelayCommand::kXon:
      return handle_flow(cell, now);
    case RelayCommand::kBegin:
    case RelayCommand::kSendme:
    case RelayCommand::kExtend:
    case RelayCommand::kExtended:
    case RelayCommand::kTruncate:
    case RelayCommand::kTruncated:
    case RelayCommand::kDrop:
    case RelayCommand::kResolve:
    case RelayCommand::kBeginDir:
    case RelayCommand::kExtend2:
    case RelayCommand::kExtended2:
    case RelayCommand::kConfluxLink:
    case RelayCommand::kConfluxLinked:
    case RelayCommand::kConfluxLinkedAck:
    case RelayCommand::kConfluxSwitch:
      break;
  }
  return Error{"a cell that no stream can get"};
}

Status Stream::handle_connected(const RelayCell& cell) {
  if (state_ != State::kConnecting || arrival_.request.command != SocksCommand::kConnect) {
    return Error{"an unexpected CONNECTED cell"};
  }
  const auto connected = parse_connected(cell.body);
  if (!connected.ok()) return Error{connected.error()};
  state_ = State::kOpen;
  was_open_ = true;
  arrival_.socket->write(encode_socks_reply(SocksReply::kSucceeded));
  queue_seen_ = arrival_.socket->write_queue_bytes();
  host_.note_ready(*this);
  // Its end of file may have come before. Not then, but now: a client that is gone looks the same
  // as one that half-closes behind its request and waits for the reply, as RFC 1928 lets it.
  end_if_done();
  return Status();
}

Status Stream::handle_data(const RelayCell& cell, Instant now) {
  if (state_ != State::kOpen) return Error{"DATA before CONNECTED"};
  note_drained(now);
  if (state_ != State::kOpen) return Status();
  arrival_.socket->write(cell.body);
  bytes_down_ += cell.body.size();
  queue_seen_ = arrival_.socket->write_queue_bytes();
  if (queue_seen_ > options_.flow.buffer_max) return Error{"the exit does not heed XOFF"};
  send_flow(receive_flow_.note_arrival(queue_seen_, now));
  return Status();
}

Status Stream::handle_end(const RelayCell& cell) {
  const EndReason reason = parse_end(cell.body);
  if (state_ == State::kConnecting) {
    failure_ = end_reason_text(reason);
    arrival_.socket->write(
        encode_socks_reply(socks_reply_for_end_reason(static_cast<uint8_t>(reason))));
    arrival_.socket->close_when_written();
  } else if (is_abnormal(reason)) {
    failure_ = end_reason_text(reason);
    arrival_.socket->close(true);
  } else {
    arrival_.socket->close_when_written();
  }
  finish(true);
  return Status();
}

Status Stream::handle_resolved(const RelayCell& cell) {
  if (state_ != State::kConnecting || arrival_.request.command != SocksCommand::kResolve) {
    return Error{"an unexpected RESOLVED cell"};
  }
  const auto answers = parse_resolved(cell.body);
  if (!answers.ok()) return Error{answers.error()};
  const auto is_address = [](const ResolvedAnswer& answer) {
    return answer.kind == ResolvedAnswer::Kind::kIpv4 || answer.kind == ResolvedAnswer::Kind::kIpv6;
  };
  const auto answer = std::ranges::find_if(answers.value(), is_address);
  if (answer == answers.value().end()) {
    failure_ = "the exit could not resolve the name";
    arrival_.socket->write(encode_socks_reply(SocksReply::kHostUnreachable));
  } else {
    was_open_ = true;
    arrival_.socket->write(encode_socks_resolved(answer->value));
  }
  arrival_.socket->close_when_written();
  finish(true);
  return Status();
}

Status Stream::handle_flow(const RelayCell& cell, Instant now) {
  if (state_ != State::kOpen) return Error{"flow control before CONNECTED"};
  if (cell.command == RelayCommand::kXoff) {
    if (Status parsed = parse_xoff(cell.body); !parsed.ok()) return parsed;
    return send_flow_.handle_xoff();
  }
  const auto rate = parse_xon(cell.body);
  if (!rate.ok()) return Error{rate.error()};
  Status accepted = send_flow_.handle_xon(rate.value(), now);
  host_.note_ready(*this);
  return accepted;
}

size_t Stream::sendable_cells(Instant now) {
  if (state_ != State::kOpen) return 0;
  const size_t waiting = arrival_.socket->readable().size();
  const size_t allowed = send_flow_.allowance(now);
  // While tokens are short only full cells go: a trickle of tokens must not make a trickle of
  // cells.
  if (allowed < waiting) return allowed / kRelayBodyMax;
  return cells_for(waiting);
}

size_t Stream::backlog_cells(Instant now) {
  if (state_ != State::kOpen) return 0;
  return cells_for(std::min(arrival_.socket->backlog_bytes(), send_flow_.allowance(now)));
}

ByteView Stream::next_body(size_t max, Instant now) {
  const size_t allowed = send_flow_.allowance(now);
  const ByteView waiting = arrival_.socket->readable();
  return waiting.first(std::min({waiting.size(), allowed, max}));
}

void Stream::commit_sent(size_t size) {
  bytes_up_ += size;
  send_flow_.note_sent(size);
  arrival_.socket->consume(size);
  end_if_done();
}

// Tor streams have no half close: the application's end of file ends the stream, once all that it
// sent has gone. Stock clients do the same.
void Stream::end_if_done() {
  if (state_ != State::kOpen || !arrival_.socket->read_ended()) return;
  if (!arrival_.socket->readable().empty()) return;
  host_.send_control({RelayCommand::kEnd, id()}, encode_end(EndReason::kMisc));
  arrival_.socket->close_when_written();
  finish(false);
}

void Stream::hold() {
  // An XOFF for a stream that carried nothing could not be honest.
  if (state_ == State::kOpen && bytes_down_ > 0) send_flow(receive_flow_.hold());
}

void Stream::release() {
  if (state_ != State::kOpen) return;
  send_flow(receive_flow_.release(arrival_.socket->write_queue_bytes()));
}

void Stream::note_drained(Instant now) {
  if (state_ != State::kOpen) return;
  const size_t queue = arrival_.socket->write_queue_bytes();
  const size_t drained = queue_seen_ - std::min(queue, queue_seen_);
  queue_seen_ = queue;
  if (drained > 0 || drain_check_) {
    send_flow(receive_flow_.note_drained(drained, queue, now));
  }
}

// The socket tells of its low-water mark only, and the exit may go on when it is empty.
void Stream::check_drained() {
  note_drained(host_.now());
  if (drain_check_) drain_check_ = host_.now() + kDrainCheck;
}

void Stream::send_flow(const std::optional<StreamReceiveFlow::Action>& action) {
  if (!action) return;
  if (action->xoff) {
    host_.send_control({RelayCommand::kXoff, id()}, encode_xoff());
    drain_check_ = host_.now() + kDrainCheck;
  } else {
    drain_check_.reset();
    host_.send_control({RelayCommand::kXon, id()}, encode_xon(action->kilobytes_per_s));
  }
}

void Stream::refuse(SocksReply reply, std::string reason) {
  failure_ = std::move(reason);
  arrival_.socket->write(encode_socks_reply(reply));
  arrival_.socket->close_when_written();
}

void Stream::fail() {
  if (state_ == State::kFinished) return;
  if (state_ == State::kConnecting) {
    refuse(SocksReply::kGeneralFailure, "the tunnel closed");
  } else {
    failure_ = "the tunnel closed";
    arrival_.socket->close(true);
  }
  arrival_.socket->set_user(nullptr);
  state_ = State::kFinished;
}

std::optional<Instant> Stream::next_deadline(Instant now) {
  if (state_ == State::kConnecting) return connect_deadline_;
  if (state_ == State::kFinished) return std::nullopt;
  const size_t waiting = arrival_.socket->readable().size();
  std::optional<Instant> at;
  if (waiting > 0) at = send_flow_.ready_at(std::min(waiting, kRelayBodyMax), now);
  // Tokens that have come are there for whoever asks, and nobody but the deadline brings the stream
  // back into the round: its application may never send again.
  if (!in_round_ && sendable_cells(now) > 0) at = now;
  if (drain_check_) at = at ? std::min(*at, *drain_check_) : *drain_check_;
  return at;
}

void Stream::handle_deadline() {
  if (drain_check_ && *drain_check_ <= host_.now()) check_drained();
  if (state_ != State::kConnecting || host_.now() < connect_deadline_) {
    if (sendable_cells(host_.now()) > 0) host_.note_ready(*this);
    return;
  }
  refuse(SocksReply::kTtlExpired, "the exit did not answer in time");
  host_.send_control({RelayCommand::kEnd, id()}, encode_end(EndReason::kMisc));
  finish(false);
}

void Stream::handle_readable() {
  if (state_ == State::kOpen) host_.note_ready(*this);
}

void Stream::handle_read_end() { end_if_done(); }

void Stream::handle_writable() { note_drained(host_.now()); }

void Stream::handle_closed(const std::string& /*reason*/) {
  if (state_ == State::kFinished) return;
  failure_ = "the application left";
  host_.send_control({RelayCommand::kEnd, id()}, encode_end(EndReason::kMisc));
  finish(false);
}

void Stream::finish(bool exit_knows) {
  state_ = State::kFinished;
  arrival_.socket->set_user(nullptr);
  host_.note_finished(*this, exit_knows);
}

}  // namespace onion_proxy
