#include "examples/onion_proxy/app/check_network.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "examples/onion_proxy/app/network_summary.h"
#include "examples/onion_proxy/base/file.h"
#include "examples/onion_proxy/net/channel_pool.h"
#include "examples/onion_proxy/net/directory_client.h"

namespace onion_proxy {
namespace {

constexpr size_t kAuthoritiesBytesMax = 256 * 1024;
// Enough for a private network; nobody should link to every relay of a large one.
constexpr size_t kLinksMax = 100;

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

class NetworkCheck {
 public:
  NetworkCheck(std::vector<Authority> authorities, const LegCount& legs, const Logger& log)
      : directory_(io_, log, std::move(authorities), {}), pool_(io_, {}), legs_(legs), log_(log) {}

  int run() {
    directory_.fetch([this](const Result<DirectoryClient::View>& view) { handle_view(view); });
    io_.run();
    return failed_ ? 1 : 0;
  }

 private:
  void handle_view(const Result<DirectoryClient::View>& view) {
    if (!view.ok()) {
      log_.error("{}", view.error());
      return finish(true);
    }
    print(summarise_network(*view.value(), legs_));
    const size_t count = std::min(view.value()->relays.size(), kLinksMax);
    pending_ = count;
    for (size_t i = 0; i < count; ++i) {
      const Relay& relay = view.value()->relays[i];
      pool_.get(relay.info,
                [this, name = relay.nickname](const Result<std::shared_ptr<Channel>>& channel) {
                  handle_link(name, channel);
                });
    }
  }

  void handle_link(const std::string& name, const Result<std::shared_ptr<Channel>>& channel) {
    if (channel.ok()) {
      ++linked_;
    } else {
      print(fmt::format("no link to {}: {}\n", name, channel.error()));
    }
    if (--pending_ > 0) return;
    print(fmt::format("links        {} opened, identities verified\n", linked_));
    finish(linked_ == 0);
  }

  void finish(bool failed) {
    failed_ = failed;
    io_.stop();
  }

  boost::asio::io_context io_{1};
  DirectoryClient directory_;
  ChannelPool pool_;
  const LegCount legs_;
  const Logger& log_;
  size_t pending_ = 0;
  size_t linked_ = 0;
  bool failed_ = false;
};

}  // namespace

Result<std::vector<Authority>> load_authorities(const std::string& path) {
  const auto text = read_file(path, kAuthoritiesBytesMax);
  if (!text.ok()) return Error{"--authorities: " + text.error()};
  auto authorities = parse_authorities(text.value());
  if (!authorities.ok()) return Error{fmt::format("{}: {}", path, authorities.error())};
  return authorities;
}

int check_network(const Options& options, const LegCount& legs, const Logger& log) {
  auto authorities = load_authorities(options.authorities_file);
  if (!authorities.ok()) {
    log.error("{}", authorities.error());
    return 1;
  }
  NetworkCheck check(std::move(authorities).value(), legs, log);
  return check.run();
}

}  // namespace onion_proxy
