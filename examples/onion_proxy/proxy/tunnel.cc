// Tunnel: life from the first circuit to the last.
#include "examples/onion_proxy/proxy/tunnel.h"

#include <boost/asio/post.hpp>

#include "examples/onion_proxy/base/clock.h"

namespace onion_proxy {

Tunnel::Tunnel(const TunnelEnvironment& environment, TunnelOwner& owner, TunnelOptions options,
               std::unique_ptr<PathSet> paths)
    : env_(environment),
      owner_(owner),
      options_(std::move(options)),
      paths_(std::move(paths)),
      liveness_(options_.stall_timeout),
      disused_since_(clock_now()),
      timer_(environment.io) {
  stats_.ordinal = options_.ordinal;
  stats_.open = true;
}

Tunnel::~Tunnel() {
  *self_ = nullptr;
  close("the proxy let go of it");
}

Instant Tunnel::now() const { return clock_now(); }

void Tunnel::build() {
  // The list grows when legs are replaced.
  const std::vector<ChosenPath> paths = options_.paths;
  for (const ChosenPath& path : paths) add_leg(path);
}

void Tunnel::open_stream(SocksArrival arrival) {
  const uint16_t id = streams_.allocate_id();
  if (state_ != State::kReady || id == 0) {
    arrival.socket->write(encode_socks_reply(SocksReply::kGeneralFailure));
    arrival.socket->close_when_written();
    return;
  }
  Stream::Options options = options_.stream;
  options.id = id;
  ever_used_ = true;
  disused_since_.reset();
  StreamHost& host = *this;
  streams_.add(std::make_unique<Stream>(host, std::move(arrival), options)).open();
  schedule_turn();
}

void Tunnel::note_finished(Stream& stream, bool exit_knows) {
  bytes_up_ += stream.bytes_up();
  bytes_down_ += stream.bytes_down();
  owner_.note_stream_ended(stream);
  streams_.remove(stream, exit_knows, now());
  if (streams_.size() == 0) disused_since_ = now();
  schedule_turn();
}

std::optional<Instant> Tunnel::idle_since() const { return disused_since_; }

void Tunnel::close(std::string reason) {
  if (state_ == State::kClosed) return;
  stats();
  state_ = State::kClosed;
  close_reason_ = std::move(reason);
  timer_.cancel();
  closed_for_memory_ = paths_->closed_for_memory();
  paths_->close(now());
  for (const auto& leg : legs_) leg->destroy();
  streams_.for_each([this](Stream& stream) {
    stream.fail();
    bytes_up_ += stream.bytes_up();
    bytes_down_ += stream.bytes_down();
    owner_.note_stream_ended(stream);
    streams_.remove(stream, true, now());
  });
  control_.clear();
  stats_.open = false;
  stats_.close_reason = close_reason_;
  for (LegStats& leg : stats_.legs) leg.state = "closed";
  boost::asio::post(env_.io, [self = self_] {
    if (*self != nullptr) (*self)->owner_.handle_tunnel_closed(**self);
  });
}

uint64_t Tunnel::bytes_up() const {
  uint64_t sum = bytes_up_;
  streams_.for_each([&sum](const Stream& stream) { sum += stream.bytes_up(); });
  return sum;
}

uint64_t Tunnel::bytes_down() const {
  uint64_t sum = bytes_down_;
  streams_.for_each([&sum](const Stream& stream) { sum += stream.bytes_down(); });
  return sum;
}

const TunnelStats& Tunnel::stats() {
  if (state_ == State::kClosed) return stats_;
  for (const auto& leg : legs_) {
    LegStats& own = stats_.legs[leg->ordinal() - 1];
    if (leg->is_gone()) own.state = "closed";
    if (!leg->is_built()) continue;
    const Circuit& circuit = leg->circuit();
    own.cells_in = circuit.data_received();
    own.cells_out = circuit.data_sent();
    own.rtt_us = circuit.congestion().rtt().ewma_us();
    own.cwnd = circuit.congestion().cwnd();
  }
  paths_->add_stats(stats_);
  return stats_;
}

}  // namespace onion_proxy
