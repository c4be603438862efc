// The check layer: stands between any host and any plugin, looks at both, and changes nothing.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "host_api/conformance/check/recorder.h"
#include "host_api/conformance/check/report.h"
#include "host_api/conformance/judge/host_judge.h"
#include "host_api/conformance/judge/plugin_judge.h"

namespace mpath::layer {

// From the environment, because a host passes on its own configuration only.
struct Settings {
  std::string target;          // MPATH_CHECK_TARGET: the plugin that does the work
  std::string report;          // MPATH_CHECK_REPORT: file of the report; empty: standard error
  std::string trace;           // MPATH_CHECK_TRACE: file of the trace; empty: none
  bool trace_secrets = false;  // MPATH_CHECK_TRACE_SECRETS=1
  std::uint64_t late_us = 1'000'000;  // MPATH_CHECK_LATE_US
};
[[nodiscard]] Settings settings_from_environment();

// One per process, made at the first negotiation and never destroyed. [any-thread]
class Layer {
 public:
  explicit Layer(const Settings& settings);

  // The plugin that was loaded, or null: the report says why.
  [[nodiscard]] const mpath_plugin_table* target() const noexcept { return agreed_.table; }
  mpath_status negotiate(mpath_negotiation* io);
  mpath_status handle(judge::Call& call) noexcept;
  const char* words(const char* function, const char* words) noexcept;
  void forked() noexcept { process_.fetch_add(1); }

 private:
  void load(const std::string& path);
  // False: the call must not reach the plugin, for what it names is gone.
  bool before(judge::Call& call, judge::PluginJudge::Before& state);
  void after(const judge::Call& call, mpath_status status, const judge::PluginJudge::Before& state);
  mpath_status forward(const judge::Call& call) noexcept;
  mpath_status forward_recorded(judge::Call& call);
  // A trace that is to be replayed must know the seed: if the host leaves it to the plugin, we
  // draw.
  void draw_seed(judge::Call& call);

  std::mutex mutex_;       // of everything below but the target
  std::mutex call_mutex_;  // while a trace is recorded: the order in it is that of the calls
  Report report_;
  judge::Findings findings_;
  judge::Model model_;
  judge::HostJudge host_;
  std::unique_ptr<judge::PluginJudge> plugin_;
  std::unique_ptr<Recorder> recorder_;
  mpath_negotiate_fn entry_ = nullptr;
  mpath_negotiation agreed_{};
  std::atomic<unsigned> process_{0};
  // What stands in for the host's parameters when a seed must be known.
  mpath_tunnel_params params_{};
  std::uint8_t seed_[MPATH_SEED_LEN] = {};
};

}  // namespace mpath::layer
