#include "plugin/sidecar/exporters/otlp/otlp_exporter.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace conflux::sidecar {

using std::chrono::milliseconds;

namespace {

std::string random_id() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string id;
  for (int i = 0; i < 16; ++i) id += kDigits[random() & 0xFU];
  return id;
}

}  // namespace

OtlpExporter::Result OtlpExporter::start(OtlpOptions options, Facts facts) {
  OtlpChannel::Result channel = OtlpChannel::create(options.endpoint);
  if (channel.channel == nullptr) return {nullptr, std::move(channel.problem)};
  return {std::unique_ptr<OtlpExporter>(
              new OtlpExporter(std::move(options), std::move(facts), std::move(channel.channel))),
          {}};
}

OtlpExporter::OtlpExporter(OtlpOptions options, Facts facts, std::unique_ptr<OtlpChannel> channel)
    : options_(std::move(options)),
      facts_(std::move(facts)),
      channel_(std::move(channel)),
      id_(random_id()),
      random_(std::random_device()()),
      thread_([this] { run(); }) {}

OtlpExporter::~OtlpExporter() { stop(); }

void OtlpExporter::offer(const Snapshot& snapshot) {
  const std::lock_guard guard(mutex_);
  if (stopping_) return;
  pending_.merge(snapshot);
  overtaken_ = true;
  changed_.notify_all();
}

OtlpCounters OtlpExporter::counters() const {
  const std::lock_guard guard(mutex_);
  return counters_;
}

void OtlpExporter::run() {
  Clock::time_point due = Clock::now();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !pending_.empty(); });
    changed_.wait_until(lock, due, [&] { return stopping_; });
    const bool is_last = stopping_;
    if (is_last && Clock::now() < not_before_) break;
    std::vector<PendingRegion> regions = pending_.take();
    if (failures_ > 0 && overtaken_) ++counters_.superseded;
    lock.unlock();
    milliseconds wait{0};
    if (!regions.empty()) wait = export_once(std::move(regions));
    due = Clock::now() + wait;
    lock.lock();
    if (is_last) break;
  }
  ended_ = true;
  changed_.notify_all();
}

milliseconds OtlpExporter::export_once(std::vector<PendingRegion> regions) {
  SidecarFacts facts = facts_();
  facts.otlp = counters();
  const EncodeOptions encoding{.sidecar_id = id_, .request_bytes_max = options_.request_bytes_max};
  std::size_t complete = 0;
  for (const EncodedRequest& request :
       encode(regions, facts, std::chrono::system_clock::now(), encoding)) {
    const OtlpReply reply = channel_->send(request.message, options_.timeout);
    const bool will_retry = is_retryable({reply.code, reply.retry_after});
    count(reply, will_retry);
    if (will_retry) {
      // What was told in full is not told again.
      const auto unsent = std::next(regions.begin(), static_cast<std::ptrdiff_t>(complete));
      return plan_retry(reply,
                        {std::make_move_iterator(unsent), std::make_move_iterator(regions.end())});
    }
    complete = request.complete;
  }
  failures_ = 0;
  return options_.interval;
}

void OtlpExporter::count(const OtlpReply& reply, bool will_retry) {
  const std::lock_guard guard(mutex_);
  if (reply.code == RpcCode::kOk) {
    ++counters_.accepted;
    counters_.points_rejected += reply.points_rejected;
    counters_.last_success = std::chrono::system_clock::now();
  } else if (will_retry) {
    ++counters_.retried;
  } else {
    ++counters_.refused;
  }
}

milliseconds OtlpExporter::plan_retry(const OtlpReply& reply, std::vector<PendingRegion> unsent) {
  ++failures_;
  {
    const std::lock_guard guard(mutex_);
    overtaken_ = !pending_.empty();
    pending_.put_back(std::move(unsent));
  }
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  const milliseconds wait =
      retry_delay({reply.code, reply.retry_after}, failures_, random, options_.retry);
  if (reply.retry_after) not_before_ = Clock::now() + wait;
  return wait;
}

void OtlpExporter::stop() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, options_.stop_timeout, [&] { return ended_; });
  }
  channel_->cancel();
  if (thread_.joinable()) thread_.join();
}

}  // namespace conflux::sidecar
