// Holds a host to what ABI.md asks of it, as far as the calls show it. The numbers of requirements
// that calls cannot show (what is sent on a circuit, how a file was checked) never appear.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "host_api/conformance/judge/findings.h"
#include "host_api/conformance/judge/model.h"

namespace mpath::judge {

struct HostJudgeOptions {
  // How far a clock may advance over a deadline, or past tokens that wait, before a host is late.
  std::uint64_t late_us = 1'000'000;
};

// Not thread-safe: whoever owns it locks.
class HostJudge {
 public:
  HostJudge(HostJudgeOptions options, Model& model, Findings& findings)
      : options_(options), model_(model), findings_(findings) {}

  // Judges a call before it is made, and notes in it what was seen. `process` counts fork().
  void judge(Call& call, unsigned process);
  // What the plugin's answer says of the host. Call before Model::update.
  void judge_answer(const Call& call, mpath_status status);
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
  void blame(const char* requirement, const Call& call, std::string what);

 private:
  void expect(bool holds, const char* requirement, const Call& call, const char* what);
  void judge_shape(Call& call);
  void judge_arrays(Call& call);
  void judge_ids(const Call& call, unsigned process);
  void judge_state(const Call& call, const TunnelModel& tunnel);
  void judge_time(const Call& call, TunnelModel& tunnel);
  void judge_views(Call& call, TunnelModel& tunnel);
  void judge_cell(const Call& call, const TunnelModel& tunnel);
  void judge_legs(const Call& call);
  void judge_path(const Call& call, const mpath_path& path);
  void judge_seed(const Call& call);

  HostJudgeOptions options_;
  Model& model_;
  Findings& findings_;
  std::uint64_t calls_ = 0;
  std::set<std::size_t> seeds_;  // hashes of those that were used
};

}  // namespace mpath::judge
