// One callback at one time, and never afterwards.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <utility>

namespace onion_proxy {

/// Calls back from the event loop at one time. A callback is never called after `cancel()`, after a
/// later `run_at()` or `run_after()`, or after the timer's end, so a timer's owner may give it
/// `this`.
///
/// A wait of asio alone promises none of that: once its time has come, its handler is queued, and
/// cancelling or destroying the timer leaves it there, to be called with "no error".
class Timer {
 public:
  using Clock = boost::asio::steady_timer::clock_type;

  explicit Timer(boost::asio::io_context& io) : timer_(io) {}
  explicit Timer(const boost::asio::any_io_executor& executor) : timer_(executor) {}
  ~Timer() { forget(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls `callback()` at `when`, or as soon as the loop turns if that is past. The callback may
  /// set this timer anew, and may destroy it. What it captures lives until it was called, or until
  /// the loop has turned after the wait was cancelled.
  template <class Callback>
  void run_at(Clock::time_point when, Callback callback) {
    timer_.expires_at(when);
    timer_.async_wait([newest = newest_, wait = ++*newest_, callback = std::move(callback)](
                          const boost::system::error_code& error) mutable {
      if (!error && *newest == wait) callback();
    });
  }

  template <class Callback>
  void run_after(Clock::duration delay, Callback callback) {
    run_at(Clock::now() + delay, std::move(callback));
  }

  void cancel() {
    forget();
    timer_.cancel();
  }

 private:
  void forget() { ++*newest_; }

  boost::asio::steady_timer timer_;
  /// The number of the one wait that may still call back; outlives us in handlers that are queued.
  std::shared_ptr<uint64_t> newest_ = std::make_shared<uint64_t>(0);
};

}  // namespace onion_proxy
