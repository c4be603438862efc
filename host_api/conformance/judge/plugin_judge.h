// Holds a plugin to what ABI.md asks of it, as far as the calls of one host show it.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "host_api/conformance/judge/findings.h"
#include "host_api/conformance/judge/model.h"

namespace mpath::judge {

// Not thread-safe: whoever owns it locks.
class PluginJudge {
 public:
  PluginJudge(const mpath_plugin_table& plugin, Model& model, Findings& findings)
      : plugin_(plugin), model_(model), findings_(findings) {}

  // What must be compared after the call: bytes past version 1.0, counts before.
  struct Before {
    std::vector<std::byte> tail;
    bool has_info = false;
    mpath_tunnel_info info{};
  };
  [[nodiscard]] Before prepare(const Call& call) const;
  // Call before Model::update, and after HostJudge has judged the same call.
  void judge(const Call& call, mpath_status status, const Before& before);
  void judge_text(const Call& call);
  void judge_words(const char* function, const char* words);
  void blame(const char* requirement, const Call& call, std::string what);

 private:
  void expect(bool holds, const char* requirement, const Call& call, const char* what);
  [[nodiscard]] bool has_closed(const Call& call) const;
  void judge_status(const Call& call, mpath_status status);
  void judge_ids(const Call& call, mpath_status status);
  void judge_nothing_changed(const Call& call, mpath_status status, const Before& before);
  void judge_grant(const Call& call, mpath_status status, const TunnelModel& tunnel);
  void judge_tokens(const Call& call, const TunnelModel& tunnel);
  void judge_events(const Call& call, TunnelModel& tunnel);
  void judge_one_shot(const Call& call, const mpath_event& event, TunnelModel& tunnel,
                      std::set<mpath_leg_id>& gone);

  const mpath_plugin_table& plugin_;
  Model& model_;
  Findings& findings_;
};

}  // namespace mpath::judge
