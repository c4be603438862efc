// Channels by relay, so that circuits through the same guard share one connection.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/net/channel.h"
#include "examples/onion_proxy/net/timer.h"

namespace onion_proxy {

/// Holds every channel from its first use until it closes. Closes those that carried no circuit for
/// `idle_timeout`. Must outlive no callback: pending ones are dropped with the pool.
class ChannelPool {
 public:
  using GetCallback = std::function<void(Result<std::shared_ptr<Channel>>)>;

  struct Options {
    ChannelOptions channel;
    std::chrono::seconds idle_timeout{60};
  };

  ChannelPool(boost::asio::io_context& io, Options options);
  ~ChannelPool();
  ChannelPool(const ChannelPool&) = delete;
  ChannelPool& operator=(const ChannelPool&) = delete;

  /// The open channel to `relay`, opened first if there is none. `done` is called exactly once from
  /// the event loop, never from inside this call.
  void get(const RelayInfo& relay, GetCallback done);

  /// Closes every channel, flushing what is queued (DESTROY cells).
  void close_all(const std::string& reason);

  size_t size() const { return entries_.size(); }
  /// Sums over channels open now and closed before.
  uint64_t bytes_read() const;
  uint64_t bytes_written() const;

 private:
  using Key = std::pair<ByteArray<32>, ByteArray<20>>;
  struct Entry {
    std::shared_ptr<Channel> channel;
    std::vector<GetCallback> waiting;
  };

  void finish(const Key& key, const Status& status);
  void arm_sweep();
  void sweep();
  void forget(std::map<Key, Entry>::iterator entry);

  boost::asio::io_context& io_;
  const Options options_;
  TlsContext tls_;
  Timer sweep_timer_;
  std::map<Key, Entry> entries_;
  uint64_t closed_bytes_read_ = 0;
  uint64_t closed_bytes_written_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace onion_proxy
