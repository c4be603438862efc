// Runs an event loop until something is true; never sleeps, never waits for ever.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>

namespace onion_proxy::test {

/// Runs `io` until `done()` holds. False if it does not within `limit`, which only a broken program
/// reaches.
template <class Predicate>
bool run_until(boost::asio::io_context& io, Predicate done,
               std::chrono::seconds limit = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    io.restart();
    io.run_one_until(deadline);
  }
  return true;
}

/// Runs whatever is ready now, without waiting.
inline void run_ready(boost::asio::io_context& io) {
  io.restart();
  io.poll();
}

}  // namespace onion_proxy::test
