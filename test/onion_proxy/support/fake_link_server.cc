#include "test/onion_proxy/support/fake_link_server.h"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <stdexcept>

#include "examples/onion_proxy/base/wire.h"
#include "test/onion_proxy/support/fake_tls_server.h"

namespace onion_proxy::test {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

}  // namespace

// Buffers live as long as the operations that use them.
struct FakeLinkServer::Session {
  Session(tcp::socket socket, boost::asio::ssl::context& tls) : stream(std::move(socket), tls) {}

  boost::asio::ssl::stream<tcp::socket> stream;
  LinkCellDecoder decoder;
  std::deque<Bytes> outgoing;
};

FakeLinkServer::FakeLinkServer(boost::asio::io_context& io)
    : tls_(boost::asio::ssl::context::tls_server),
      acceptor_(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
      identity_(std::make_unique<FakeLinkIdentity>(install_certificate(tls_.native_handle()))),
      certificates_(identity_->all()) {
  accept();
}

FakeLinkServer::~FakeLinkServer() { disconnect(); }

RelayInfo FakeLinkServer::info() const {
  RelayInfo info;
  info.rsa_id = identity_->rsa().digest();
  info.ed_id = identity_->master().public_key();
  info.ipv4 = {127, 0, 0, 1};
  info.or_port = acceptor_.local_endpoint().port();
  return info;
}

void FakeLinkServer::accept() {
  acceptor_.async_accept([this, alive = std::weak_ptr<bool>(alive_)](const error_code& error,
                                                                     tcp::socket socket) {
    if (error || alive.expired()) return;
    ++accepted_;
    client_closed_ = false;
    session_ = std::make_shared<Session>(std::move(socket), tls_);
    session_->stream.async_handshake(boost::asio::ssl::stream_base::server,
                                     [this, session = session_, alive](const error_code& failed) {
                                       if (failed || alive.expired() || session != session_) return;
                                       if (!silent_) greet();
                                       read();
                                     });
    accept();
  });
}

void FakeLinkServer::greet() {
  Bytes out;
  const Bytes versions = {0, 3, 0, 4, 0, 5};
  append_variable_cell(out, {CircuitIdWidth::kTwo, 0, LinkCommand::kVersions, versions});
  const Bytes certs = FakeLinkIdentity::encode(certificates_);
  append_variable_cell(out, {CircuitIdWidth::kFour, 0, LinkCommand::kCerts, certs});
  const Bytes challenge(36, 9);
  append_variable_cell(out, {CircuitIdWidth::kFour, 0, LinkCommand::kAuthChallenge, challenge});
  append_fixed_cell(out, 0, LinkCommand::kNetinfo, Bytes{0, 0, 0, 0, 4, 4, 127, 0, 0, 1, 0});
  send_raw(std::move(out));
}

void FakeLinkServer::read() {
  if (reading_stopped_) return;
  const MutableByteView room = session_->decoder.prepare(16 * 1024);
  session_->stream.async_read_some(boost::asio::buffer(room.data(), room.size()),
                                   [this, session = session_, alive = std::weak_ptr<bool>(alive_)](
                                       const error_code& error, size_t size) {
                                     if (alive.expired() || session != session_) return;
                                     if (error) {
                                       client_closed_ = true;
                                       return;
                                     }
                                     bytes_received_ += size;
                                     session->decoder.commit(size);
                                     LinkCell cell;
                                     while (session->decoder.next(cell)) handle_cell(cell);
                                     read();
                                   });
}

void FakeLinkServer::handle_cell(const LinkCell& cell) {
  if (cell.command == LinkCommand::kVersions) {
    session_->decoder.set_circuit_id_width(CircuitIdWidth::kFour);
    return;
  }
  cells_.push_back({cell.circuit_id, cell.command, Bytes(cell.body.begin(), cell.body.end())});
}

void FakeLinkServer::resume_reading() {
  reading_stopped_ = false;
  read();
}

void FakeLinkServer::send(uint32_t circuit_id, LinkCommand command, ByteView payload) {
  Bytes out;
  append_fixed_cell(out, circuit_id, command, payload);
  send_raw(std::move(out));
}

void FakeLinkServer::uncork() {
  Bytes all;
  for (const Bytes& bytes : corked_.value()) all.insert(all.end(), bytes.begin(), bytes.end());
  corked_.reset();
  send_raw(std::move(all));
}

void FakeLinkServer::send_raw(Bytes bytes) {
  if (corked_) return corked_->push_back(std::move(bytes));
  session_->outgoing.push_back(std::move(bytes));
  if (session_->outgoing.size() == 1) write_next();
}

void FakeLinkServer::write_next() {
  if (asking_for_keys_ &&
      SSL_key_update(session_->stream.native_handle(), SSL_KEY_UPDATE_REQUESTED) != 1) {
    throw std::runtime_error("the fake relay cannot ask for new keys");
  }
  boost::asio::async_write(session_->stream, boost::asio::buffer(session_->outgoing.front()),
                           [this, session = session_, alive = std::weak_ptr<bool>(alive_)](
                               const error_code& error, size_t) {
                             if (alive.expired() || session != session_) return;
                             session->outgoing.pop_front();
                             if (error) session->outgoing.clear();
                             if (!session->outgoing.empty()) write_next();
                           });
}

void FakeLinkServer::disconnect() {
  if (!session_) return;
  error_code ignored;
  session_->stream.next_layer().close(ignored);
}

}  // namespace onion_proxy::test
