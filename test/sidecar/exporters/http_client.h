// A client that sends what it is told, byte by byte, and reads what comes back.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace conflux::sidecar::test {

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(&to, sizeof(to));
  }
  explicit HttpClient(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), to.sun_path);
    connect_to(&to, sizeof(to));
  }
  ~HttpClient() { close(fd_); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void send(std::string_view bytes) const {
    // A server that has closed is the test's to notice, by what it reads.
    static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  // Head and body of one response; what came before the end if the server closes.
  [[nodiscard]] std::string receive(bool has_body = true) {
    std::size_t wanted = std::string::npos;
    while (wanted == std::string::npos || pending_.size() < wanted) {
      const std::size_t head = pending_.find("\r\n\r\n");
      if (head != std::string::npos && wanted == std::string::npos) {
        wanted = head + 4 + (has_body ? content_length(pending_.substr(0, head)) : 0);
        continue;
      }
      if (!read_more()) break;
    }
    const std::string response = pending_.substr(0, wanted);
    pending_.erase(0, response.size());
    return response;
  }
  [[nodiscard]] std::string get(const std::string& target, const std::string& headers = {}) {
    send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    return receive();
  }
  // Has the server closed the connection, now or within ten seconds?
  [[nodiscard]] bool is_closed() {
    while (pending_.empty() && read_more()) {
    }
    return pending_.empty() && at_end_;
  }

 private:
  template <class Address>
  void connect_to(const Address* to, socklen_t size) {
    if (connect(fd_, reinterpret_cast<const sockaddr*>(to), size) != 0) {
      throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
    }
  }
  bool read_more() {
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, 10'000) != 1) return false;
    char bytes[4096];
    const ssize_t count = recv(fd_, bytes, sizeof(bytes), 0);
    at_end_ = count <= 0;
    if (!at_end_) pending_.append(bytes, static_cast<std::size_t>(count));
    return !at_end_;
  }
  static std::size_t content_length(const std::string& head) {
    const std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }

  int fd_;
  std::string pending_;
  bool at_end_ = false;
};

}  // namespace conflux::sidecar::test
