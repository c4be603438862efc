// Pushes what the regions say to an OTLP receiver, on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "plugin/sidecar/exporters/otlp/encode.h"
#include "plugin/sidecar/exporters/otlp/otlp_channel.h"
#include "plugin/sidecar/exporters/otlp/pending_regions.h"
#include "plugin/sidecar/exporters/otlp/retry_policy.h"
#include "plugin/sidecar/exporters/own_metrics.h"

namespace conflux::sidecar {

struct OtlpOptions {
  OtlpEndpoint endpoint{};
  // Between one export and the next. The first one goes out with the first snapshot.
  std::chrono::milliseconds interval{60'000};
  std::chrono::milliseconds timeout{10'000};      // of one request
  std::chrono::milliseconds stop_timeout{2'000};  // for the last export when it stops
  std::size_t request_bytes_max = 2U << 20U;
  RetryOptions retry{};
};

// Thread-safe. Holds the newest of each region only, however long the receiver is away; nothing is
// written to disk.
class OtlpExporter {
 public:
  // Facts of the sidecar, without `otlp`; called on the exporter's thread.
  using Facts = std::function<SidecarFacts()>;
  struct Result {
    std::unique_ptr<OtlpExporter> exporter;  // null: refused
    std::string problem;                     // in one line, with what to do
  };
  [[nodiscard]] static Result start(OtlpOptions options, Facts facts);
  // As stop().
  ~OtlpExporter();
  OtlpExporter(const OtlpExporter&) = delete;
  OtlpExporter& operator=(const OtlpExporter&) = delete;

  // Every snapshot that is taken. Returns at once.
  void offer(const Snapshot& snapshot);
  [[nodiscard]] OtlpCounters counters() const;
  // Tries once to send what there is, for stop_timeout at most and not if the receiver has asked to
  // be left alone, and ends.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  OtlpExporter(OtlpOptions options, Facts facts, std::unique_ptr<OtlpChannel> channel);
  void run();
  // The wait until the next export.
  [[nodiscard]] std::chrono::milliseconds export_once(std::vector<PendingRegion> regions);
  void count(const OtlpReply& reply, bool will_retry);
  [[nodiscard]] std::chrono::milliseconds plan_retry(const OtlpReply& reply,
                                                     std::vector<PendingRegion> unsent);

  OtlpOptions options_;
  Facts facts_;
  std::unique_ptr<OtlpChannel> channel_;
  std::string id_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  PendingRegions pending_;
  OtlpCounters counters_;
  bool stopping_ = false;
  bool ended_ = false;
  bool overtaken_ = false;  // a snapshot came in while another one waits for its retry

  // The exporter's thread only.
  unsigned failures_ = 0;
  Clock::time_point not_before_{};  // the receiver has asked for it
  std::mt19937_64 random_;

  std::thread thread_;
};

}  // namespace conflux::sidecar
