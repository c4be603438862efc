// A directory port that answers from a table.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace onion_proxy::test {

class FakeDirServer {
 public:
  explicit FakeDirServer(boost::asio::io_context& io)
      : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
    accept();
  }

  boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  /// Targets that begin with `prefix` get `body`; others 404.
  void serve(const std::string& prefix, std::string body) {
    serve_with(prefix, [body = std::move(body)](const std::string&) { return body; });
  }
  /// The same with a body that depends on the whole target.
  void serve_with(const std::string& prefix,
                  std::function<std::string(const std::string& target)> body) {
    bodies_[prefix] = std::move(body);
  }
  void serve_nothing() { bodies_.clear(); }
  /// Accepts and never answers.
  void stay_silent() { silent_ = true; }

  size_t connections() const { return sessions_.size(); }
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  struct Session {
    explicit Session(boost::asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}
    boost::asio::ip::tcp::socket socket;
    std::string text;
  };

  void accept() {
    acceptor_.async_accept(
        [this](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
          if (error) return;
          answer(std::make_shared<Session>(std::move(socket)));
          accept();
        });
  }
  void answer(const std::shared_ptr<Session>& session) {
    sessions_.push_back(session);
    boost::asio::async_read_until(
        session->socket, boost::asio::dynamic_buffer(session->text), "\r\n\r\n",
        [this, session](const boost::system::error_code& error, size_t) {
          if (error || silent_) return;
          const size_t begin = session->text.find(' ') + 1;
          const std::string target =
              session->text.substr(begin, session->text.find(' ', begin) - begin);
          requests_.push_back(target);
          session->text = reply_to(target);
          boost::asio::async_write(
              session->socket, boost::asio::buffer(session->text),
              [session](const boost::system::error_code&, size_t) { session->socket.close(); });
        });
  }
  std::string reply_to(const std::string& target) const {
    for (const auto& [prefix, body] : bodies_) {
      if (target.starts_with(prefix)) return "HTTP/1.0 200 OK\r\n\r\n" + body(target);
    }
    return "HTTP/1.0 404 Not found\r\n\r\n";
  }

  boost::asio::ip::tcp::acceptor acceptor_;
  std::map<std::string, std::function<std::string(const std::string&)>> bodies_;
  std::vector<std::shared_ptr<Session>> sessions_;
  std::vector<std::string> requests_;
  bool silent_ = false;
};

}  // namespace onion_proxy::test
