// The probe: a plugin that tests its host. See README.md.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "host_api/conformance/judge/host_judge.h"
#include "host_api/conformance/probe/probe_tunnel.h"
#include "host_api/conformance/probe/script.h"

namespace mpath::probe {

// One per process, never destroyed. [any-thread]
class Probe {
 public:
  // Reads MPATH_PROBE_SCRIPT, if it is set.
  Probe();

  mpath_status negotiate(mpath_negotiation* io, const mpath_plugin_table* table);
  mpath_status handle(judge::Call& call) noexcept;
  [[nodiscard]] std::uint32_t table_extra() const noexcept { return script_.table_extra; }
  void forked() noexcept { process_.fetch_add(1); }

 private:
  using Lock = std::unique_lock<std::mutex>;
  mpath_status answer(judge::Call& call, Lock& lock);
  mpath_status act(judge::Call& call);
  mpath_status act_on_instance(judge::Call& call);
  mpath_status info(const judge::Call& call);
  mpath_status open(judge::Call& call);
  mpath_status create(const judge::Call& call);
  mpath_status close(const judge::Call& call);
  Rule* find_rule(const judge::Call& call);
  mpath_status obey(const Rule& rule, judge::Call& call, Lock& lock);
  mpath_status inject(const Rule& rule, judge::Call& call);
  void linger(const Rule& rule, Lock& lock);
  ProbeTunnel* tunnel_of(const judge::Call& call);
  void judge_after_unknown(const judge::Call& call);
  void judge_end(const judge::Call& call);
  bool load_script(std::string_view text, std::string* error);
  void write_verdicts(bool finished);
  void say(mpath_text* text, const std::string& words) const;

  std::mutex mutex_;
  std::condition_variable entered_;
  Script script_;
  bool has_script_ = false;  // from MPATH_PROBE_SCRIPT: configurations do not count
  bool told_ = false;        // verdicts went to standard error
  std::string script_error_;
  judge::Findings findings_;
  judge::Model model_;
  std::unique_ptr<judge::HostJudge> host_;
  std::map<const mpath_instance*, std::map<mpath_tunnel_id, ProbeTunnel>> instances_;
  std::set<mpath_tunnel_id> ended_by_unknown_;  // a status of the protocol family that is not known
  std::uint64_t opened_ = 0, open_now_ = 0, made_ = 0;
  std::uint64_t entries_ = 0;
  std::atomic<unsigned> process_{0};
};

}  // namespace mpath::probe
