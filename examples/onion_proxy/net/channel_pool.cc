#include "examples/onion_proxy/net/channel_pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace onion_proxy {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kSweepInterval{5};

}  // namespace

ChannelPool::ChannelPool(boost::asio::io_context& io, Options options)
    : io_(io), options_(options), sweep_timer_(io) {
  arm_sweep();
}

ChannelPool::~ChannelPool() = default;

void ChannelPool::get(const RelayInfo& relay, GetCallback done) {
  const Key key{relay.ed_id, relay.rsa_id};
  auto found = entries_.find(key);
  // One that is closed before it opened still owes its waiting callbacks an error.
  if (found != entries_.end() && !found->second.channel->is_usable() &&
      found->second.waiting.empty()) {
    forget(found);
    found = entries_.end();
  }
  if (found != entries_.end() && found->second.channel->is_open()) {
    boost::asio::post(io_, [channel = found->second.channel, done = std::move(done)] {
      // It may have closed in between.
      channel->is_open() ? done(channel) : done(Error{"the channel has just closed"});
    });
    return;
  }
  if (found != entries_.end()) {
    found->second.waiting.push_back(std::move(done));
    return;
  }
  Entry& entry = entries_[key];
  entry.channel = Channel::create({io_, tls_, options_.channel}, relay);
  entry.waiting.push_back(std::move(done));
  entry.channel->open([this, key, alive = std::weak_ptr<bool>(alive_)](const Status& status) {
    if (!alive.expired()) finish(key, status);
  });
}

void ChannelPool::finish(const Key& key, const Status& status) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  const std::vector<GetCallback> waiting = std::exchange(found->second.waiting, {});
  const std::shared_ptr<Channel> channel = found->second.channel;
  if (!status.ok()) forget(found);
  for (const GetCallback& done : waiting) {
    status.ok() ? done(channel) : done(Error{status.error()});
  }
}

void ChannelPool::close_all(const std::string& reason) {
  for (auto& [key, entry] : entries_) entry.channel->close(reason);
}

void ChannelPool::arm_sweep() {
  sweep_timer_.run_after(kSweepInterval, [this] {
    sweep();
    arm_sweep();
  });
}

void ChannelPool::sweep() {
  const auto idle_before = steady_clock::now() - options_.idle_timeout;
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto entry = at++;
    Channel& channel = *entry->second.channel;
    if (channel.is_closed()) {
      forget(entry);
    } else if (channel.is_open() && channel.circuit_count() == 0 &&
               channel.idle_since() < idle_before) {
      channel.close("idle");
    }
  }
}

void ChannelPool::forget(std::map<Key, Entry>::iterator entry) {
  closed_bytes_read_ += entry->second.channel->bytes_read();
  closed_bytes_written_ += entry->second.channel->bytes_written();
  entries_.erase(entry);
}

uint64_t ChannelPool::bytes_read() const {
  uint64_t sum = closed_bytes_read_;
  for (const auto& [key, entry] : entries_) sum += entry.channel->bytes_read();
  return sum;
}

uint64_t ChannelPool::bytes_written() const {
  uint64_t sum = closed_bytes_written_;
  for (const auto& [key, entry] : entries_) sum += entry.channel->bytes_written();
  return sum;
}

}  // namespace onion_proxy
