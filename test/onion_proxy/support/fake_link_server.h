// A relay's listening side: TLS, the link handshake, then whatever a test wants to send.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "examples/onion_proxy/cell/link_cell.h"
#include "examples/onion_proxy/circuit/relay_info.h"
#include "test/onion_proxy/support/fake_link_certs.h"

namespace onion_proxy::test {

class FakeLinkServer {
 public:
  struct Cell {
    uint32_t circuit_id = 0;
    LinkCommand command = LinkCommand::kPadding;
    Bytes body;
  };

  explicit FakeLinkServer(boost::asio::io_context& io);
  ~FakeLinkServer();

  /// What the directory would say of it.
  RelayInfo info() const;

  /// Replaces the certificates that it sends.
  void send_certs(std::vector<FakeLinkIdentity::Typed> certificates) {
    certificates_ = std::move(certificates);
  }
  /// Accepts and then says nothing.
  void stay_silent() { silent_ = true; }
  /// Reads nothing more from now on, so that what the client sends piles up.
  void stop_reading() { reading_stopped_ = true; }
  void resume_reading();

  const FakeLinkIdentity& identity() const { return *identity_; }
  size_t connections() const { return accepted_; }
  /// Cells that came after the client's VERSIONS.
  const std::vector<Cell>& cells() const { return cells_; }
  uint64_t bytes_received() const { return bytes_received_; }
  bool client_closed() const { return client_closed_; }

  /// To the client that connected last.
  void send(uint32_t circuit_id, LinkCommand command, ByteView payload);
  void send_raw(Bytes bytes);
  /// Each piece that is sent from now on comes behind a KeyUpdate, which the client must answer.
  /// Spec: RFC 8446, 4.6.3.
  void ask_for_new_keys() { asking_for_keys_ = true; }
  /// What is sent from now on leaves in one piece at uncork().
  void cork() { corked_.emplace(); }
  void uncork();
  void disconnect();

 private:
  struct Session;

  void accept();
  void greet();
  void read();
  void handle_cell(const LinkCell& cell);
  void write_next();

  boost::asio::ssl::context tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::unique_ptr<FakeLinkIdentity> identity_;
  std::vector<FakeLinkIdentity::Typed> certificates_;
  std::shared_ptr<Session> session_;  ///< of the client that connected last
  std::vector<Cell> cells_;
  size_t accepted_ = 0;
  uint64_t bytes_received_ = 0;
  bool silent_ = false;
  bool reading_stopped_ = false;
  bool client_closed_ = false;
  bool asking_for_keys_ = false;
  std::optional<std::vector<Bytes>> corked_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace onion_proxy::test
