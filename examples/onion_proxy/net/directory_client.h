// Keeps a verified view of the network by asking the configured authorities.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "examples/onion_proxy/base/log.h"
#include "examples/onion_proxy/directory/authority.h"
#include "examples/onion_proxy/directory/network_view.h"
#include "examples/onion_proxy/net/http_get.h"
#include "examples/onion_proxy/net/timer.h"

namespace onion_proxy {

/// Single-threaded. Destroying it drops requests and callbacks.
class DirectoryClient {
 public:
  using View = std::shared_ptr<const NetworkView>;
  using FetchCallback = std::function<void(Result<View>)>;

  struct Options {
    std::chrono::milliseconds request_timeout{10000};
    std::chrono::milliseconds retry_delay{1000};  ///< after a fetch failed; doubles
    std::chrono::milliseconds retry_delay_max{30000};
  };

  DirectoryClient(boost::asio::io_context& io, const Logger& log,
                  std::vector<Authority> authorities, Options options);
  ~DirectoryClient();
  DirectoryClient(const DirectoryClient&) = delete;
  DirectoryClient& operator=(const DirectoryClient&) = delete;

  /// Asks the authorities in turn, in random order, until one yields a verified view. `done` is
  /// called once, from the event loop. Calls while a fetch runs join it.
  void fetch(FetchCallback done);

  /// Fetches now and then whenever the consensus is due to be replaced, until destroyed. Failures
  /// are logged and tried again with growing delay; the old view stays until it is out of date.
  void keep_fresh();

  /// The newest verified view that is still valid; null before the first and after expiry.
  View view() const;

 private:
  struct Fetch;
  using Handler = void (DirectoryClient::*)(const std::string& body);

  void start_next_authority();
  void get(std::string target, size_t bytes_max, Handler handler);
  void authority_failed(const std::string& reason);
  void request_certificates();
  void handle_certificates(const std::string& body);
  void request_consensus();
  void handle_consensus(const std::string& body);
  void request_microdescriptors();
  void handle_microdescriptors(const std::string& body);
  void complete();
  void finish(Result<View> result);
  void arm_refresh(bool succeeded);

  boost::asio::io_context& io_;
  const Logger& log_;
  const std::vector<Authority> authorities_;
  const Options options_;
  Timer refresh_timer_;
  std::chrono::milliseconds retry_delay_;
  View view_;
  std::map<Sha256Digest, Microdescriptor> known_;  ///< those of the last view, to be kept
  std::unique_ptr<Fetch> fetch_;                   ///< the one in progress
  std::vector<FetchCallback> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace onion_proxy
