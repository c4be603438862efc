// Exact sums over all tunnels of an instance, and what is told of them. Never leaves the process:
// what goes into the region is binned here, at the source.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "plugin/region/catalogue.h"

namespace conflux {

class Totals {
 public:
  // `exact`: a laboratory's; no bins, no floor for histograms. Throws std::bad_alloc.
  explicit Totals(bool exact);

  // [any-thread], without lock or allocation.
  void add(region::Metric metric, std::size_t value_of_label, std::uint64_t count) noexcept {
    word(region::word_of(metric) + value_of_label).fetch_add(count, std::memory_order_relaxed);
  }
  // Gauges. Wraps, so that adding a negative difference subtracts.
  void set(region::Metric metric, std::size_t value_of_label, std::uint64_t value) noexcept {
    word(region::word_of(metric) + value_of_label).store(value, std::memory_order_relaxed);
  }
  void observe(region::Metric histogram, std::uint64_t value) noexcept;

  // One thread at a time: brings what is told up to date. Counters are floored to their bin and
  // gauges rounded up, so that nothing told goes back; a histogram waits until enough tunnels
  // contributed that none of them stands out. Privacy: rules 2, 4 and 6.
  std::span<const std::uint64_t> tell() noexcept;
  // As of the last tell(). The same thread.
  [[nodiscard]] std::span<const std::uint64_t> told() const noexcept { return told_; }

 private:
  [[nodiscard]] std::atomic<std::uint64_t>& word(std::size_t at) noexcept { return words_[at]; }
  void tell_histogram(const region::MetricSpec& spec, std::size_t first) noexcept;

  bool exact_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
  std::vector<std::uint64_t> told_;
};

}  // namespace conflux
