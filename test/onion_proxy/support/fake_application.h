#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "examples/onion_proxy/net/app_socket.h"
#include "examples/onion_proxy/net/socks_listener.h"

namespace onion_proxy::test {

/// What it gets first.
inline constexpr size_t kSocksReplySize = 10;

/// An application at its end of a connection to the proxy, past the SOCKS request.
class FakeApplication {
 public:
  explicit FakeApplication(boost::asio::io_context& io) : socket_(io), ours_(nullptr) {
    using boost::asio::ip::tcp;
    tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    // Small buffers in the kernel, so that backpressure is felt after kilobytes.
    socket_.open(tcp::v4());
    socket_.set_option(tcp::socket::receive_buffer_size(kKernelBuffer));
    socket_.connect(acceptor.local_endpoint());
    tcp::socket accepted = acceptor.accept();
    accepted.set_option(tcp::socket::send_buffer_size(kKernelBuffer));
    ours_ = AppSocket::create(std::move(accepted));
    read();
  }
  ~FakeApplication() { ours_->close(false); }

  SocksArrival connect_to(std::string host, uint16_t port) {
    SocksArrival arrival{.request = {}, .socket = ours_};
    arrival.request.host = std::move(host);
    arrival.request.port = port;
    return arrival;
  }
  SocksArrival resolve(std::string name) {
    SocksArrival arrival = connect_to(std::move(name), 0);
    arrival.request.command = SocksCommand::kResolve;
    return arrival;
  }

  void send(std::string_view text) { boost::asio::write(socket_, boost::asio::buffer(text)); }
  void finish_sending() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
  void leave() { socket_.close(); }
  /// Leaves by TCP RST: nobody is there any more, neither to send nor to read.
  void reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }
  /// Takes nothing more, so that what comes piles up.
  void stop_reading() { reading_ = false; }
  void resume_reading() {
    reading_ = true;
    read();
  }

  const std::string& received() const { return received_; }
  bool ended() const { return ended_; }
  bool was_reset() const { return reset_; }

 private:
  static constexpr int kKernelBuffer = 8192;

  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [this, alive = std::weak_ptr<bool>(alive_)](
                                const boost::system::error_code& error, size_t size) {
                              if (alive.expired()) return;
                              received_.append(buffer_.data(), size);
                              ended_ = bool(error);
                              reset_ = error == boost::asio::error::connection_reset;
                              if (!error && reading_) read();
                            });
  }

  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<AppSocket> ours_;
  std::array<char, 4096> buffer_;
  std::string received_;
  bool reading_ = true;
  bool ended_ = false;
  bool reset_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace onion_proxy::test
