#include "host_api/conformance/probe/probe.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace mpath::probe {
namespace {

using judge::Call;
using judge::Slot;

// What a host of this version has never heard of.
bool is_unknown_status(std::int64_t status) {
  return (status < MPATH_E_CLOSED && status > MPATH_E_NO_MEMORY) ||
         (status < MPATH_E_RANDOM && status > MPATH_E_POISONED);
}
bool is_unknown_reason(std::uint32_t reason) { return reason > MPATH_REASON_SWITCH_FLOOD; }
bool is_unknown_kind(std::int64_t kind) { return kind > MPATH_EVENT_CLOSED; }
bool ends_tunnel(std::int64_t status) {
  return status <= MPATH_E_PROTOCOL && status > MPATH_E_NO_MEMORY;
}

}  // namespace

Probe::Probe() {
  std::string text;
  if (const char* const path = ::secure_getenv("MPATH_PROBE_SCRIPT"); path != nullptr) {
    std::ifstream file(path);
    if (!file) script_error_ = std::string("MPATH_PROBE_SCRIPT: cannot read ") + path;
    text.assign(std::istreambuf_iterator<char>(file), {});
    if (file) has_script_ = load_script(text, &script_error_);
  }
  if (host_ == nullptr) (void)load_script(kScriptHead, &script_error_);
}

bool Probe::load_script(std::string_view text, std::string* error) {
  std::optional<Script> script = parse_script(text, error);
  if (!script) return false;
  script_ = std::move(*script);
  findings_ = {};
  model_ = {};
  told_ = false;
  host_ = std::make_unique<judge::HostJudge>(judge::HostJudgeOptions{.late_us = script_.late_us},
                                             model_, findings_);
  return true;
}

mpath_status Probe::negotiate(mpath_negotiation* io, const mpath_plugin_table* table) {
  const std::lock_guard lock(mutex_);
  if (io == nullptr) return MPATH_E_ARGUMENT;
  if (io->struct_size < sizeof *io) return MPATH_E_SIZE;
  if (io->magic != MPATH_NEGOTIATION_MAGIC || io->reserved != 0) return MPATH_E_ARGUMENT;
  io->plugin_major_min = io->plugin_major_max = MPATH_ABI_MAJOR;
  if (io->host_major_min > MPATH_ABI_MAJOR || io->host_major_max < MPATH_ABI_MAJOR) {
    return MPATH_E_VERSION;
  }
  io->major = MPATH_ABI_MAJOR;
  io->minor = script_.minor;
  io->table = table;
  io->plugin_name = "mpath_probe";
  io->plugin_version = "1";
  return MPATH_OK;
}

mpath_status Probe::handle(Call& call) noexcept {
  try {
    Lock lock(mutex_);
    host_->judge(call, process_);
    ++entries_;
    entered_.notify_all();
    judge::TunnelModel* tunnel = model_.tunnel(call);
    const bool owned = tunnel != nullptr && call.info().owner;
    if (owned && tunnel->inside++ > 0) {
      host_->blame("MPATH-H-2", call, "another thread is inside a call on this tunnel");
    } else if (owned) {
      findings_.exercise("MPATH-H-2");
    }
    const mpath_status status = answer(call, lock);
    tunnel = model_.tunnel(call);
    if (tunnel != nullptr && owned) --tunnel->inside;
    model_.update(call, status, process_);
    if (opened_ > 0 && open_now_ == 0) write_verdicts(true);  // calls after the end count too
    return status;
  } catch (...) {
    return MPATH_E_NO_MEMORY;
  }
}

mpath_status Probe::answer(Call& call, Lock& lock) {
  if (call.instance != nullptr) {
    const judge::InstanceModel* const instance = model_.instance(call.instance);
    if (instance == nullptr || instance->closed) return MPATH_E_ARGUMENT;
  }
  if (!call.readable) return MPATH_E_ARGUMENT;
  if (call.info().of_tunnel && tunnel_of(call) == nullptr) return MPATH_E_STALE;
  judge_after_unknown(call);
  if (Rule* const rule = find_rule(call); rule != nullptr) return obey(*rule, call, lock);
  return act(call);
}

Rule* Probe::find_rule(const Call& call) {
  Rule* found = nullptr;
  for (Rule& rule : script_.rules) {
    if (rule.slot != call.slot) continue;
    if (rule.command) {
      const bool has_cell = call.cell != nullptr && call.cell->command == *rule.command;
      const bool has_request = call.request != nullptr && call.request->command == *rule.command;
      if (!has_cell && !has_request) continue;
    }
    ++rule.seen;
    const std::uint64_t first = std::max<std::uint64_t>(rule.nth, 1);
    if (found == nullptr && rule.seen >= first && rule.seen < first + rule.times) found = &rule;
  }
  return found;
}

mpath_status Probe::obey(const Rule& rule, Call& call, Lock& lock) {
  ProbeTunnel* const tunnel = tunnel_of(call);
  if (rule.action == Action::kAnswer) return inject(rule, call);
  if (rule.action == Action::kLinger) linger(rule, lock);
  if (tunnel == nullptr) return act(call);
  const auto number = static_cast<std::uint64_t>(rule.number);
  if (rule.action == Action::kHold && !tunnel->is_over()) return tunnel->hold(call);
  if (rule.action == Action::kRelease) tunnel->release();
  if (rule.action == Action::kFill) tunnel->fill();
  if (rule.action == Action::kDeadline) tunnel->set_deadline(number);
  if (rule.action == Action::kClose) tunnel->close(rule.reason);
  if (rule.action == Action::kPoison) tunnel->poison();
  if (rule.action == Action::kTell) {
    tunnel->tell(static_cast<std::uint32_t>(rule.number), rule.reason);
  }
  const bool unknown = rule.action == Action::kFill || is_unknown_reason(rule.reason) ||
                       (rule.action == Action::kTell && is_unknown_kind(rule.number));
  if (unknown) findings_.exercise("MPATH-H-24");
  return act(call);
}

// Answers without acting, except for what the answer itself means.
mpath_status Probe::inject(const Rule& rule, Call& call) {
  const auto status = static_cast<mpath_status>(rule.number);
  ProbeTunnel* const tunnel = tunnel_of(call);
  if (is_unknown_status(status) || is_unknown_reason(rule.reason)) {
    findings_.exercise("MPATH-H-24");
  }
  if (tunnel != nullptr && ends_tunnel(status)) {
    tunnel->close(rule.reason != 0 ? rule.reason : std::uint32_t{MPATH_REASON_UNEXPECTED_MESSAGE});
    if (is_unknown_status(status)) ended_by_unknown_.insert(call.tunnel);
  }
  if (tunnel != nullptr && status == MPATH_E_POISONED) tunnel->poison();
  if (call.slot == Slot::kRoute && status == MPATH_BLOCKED) {
    auto* const out = call.out_as<mpath_grant>();
    out->granted = 0;
    out->reason = rule.reason;
  }
  if (call.slot == Slot::kCanRead && call.out_number != nullptr) *call.out_number = rule.reason;
  if (call.slot == Slot::kReceive) {
    auto* const out = call.out_as<mpath_receipt>();
    out->ready = 0;
    out->reason = rule.reason;
  }
  return status;
}

// Threads that share a tunnel meet here, however short their calls are.
void Probe::linger(const Rule& rule, Lock& lock) {
  const std::uint64_t entries = entries_;
  entered_.wait_for(lock, std::chrono::milliseconds(rule.number),
                    [&] { return entries_ != entries; });
}

ProbeTunnel* Probe::tunnel_of(const Call& call) {
  const auto instance = instances_.find(call.instance);
  if (instance == instances_.end() || !call.info().of_tunnel) return nullptr;
  const auto tunnel = instance->second.find(call.tunnel);
  return tunnel == instance->second.end() ? nullptr : &tunnel->second;
}

void Probe::judge_after_unknown(const Call& call) {
  if (!ended_by_unknown_.contains(call.tunnel) || call.info().after_closed) return;
  host_->blame("MPATH-H-24", call,
               "goes on with a tunnel after an unknown status of the protocol family");
}

mpath_status Probe::act(Call& call) {
  ProbeTunnel* const tunnel = tunnel_of(call);
  if (tunnel == nullptr) return act_on_instance(call);
  if (call.info().has_views && !call.right_views && !tunnel->is_over()) return MPATH_E_VIEWS;
  const mpath_leg_id leg = call.slot == Slot::kReceive ? call.cell->leg : call.leg;
  const judge::TunnelModel* const model = model_.tunnel(call);
  if (leg != 0 && !tunnel->is_over() && call.slot != Slot::kPaddingEvent && !model->is_live(leg)) {
    return MPATH_E_STALE;
  }
  if (call.slot == Slot::kReceive && call.cell->body == nullptr && call.cell->body_length > 0 &&
      ProbeTunnel::is_signalling(call.cell->command)) {
    return MPATH_E_ARGUMENT;
  }
  if (call.slot == Slot::kTunnelDestroy) judge_end(call);
  const mpath_status status = tunnel->act(call);
  if (call.slot == Slot::kTunnelDestroy && status == MPATH_OK) {
    instances_[call.instance].erase(call.tunnel);
  }
  return status;
}

// MPATH-H-4, as far as it shows: only a peer that got our LINK can answer with its nonce.
void Probe::judge_end(const Call& call) {
  const ProbeTunnel& tunnel = *tunnel_of(call);
  if (tunnel.wrong_answers() > 0) {
    host_->blame("MPATH-H-4", call, "a LINKED came back that answers another LINK than ours");
  } else if (tunnel.links_told() > 0 && tunnel.links_answered() == 0 &&
             tunnel.close_reason() == MPATH_REASON_HOST_REQUEST) {
    host_->blame("MPATH-H-4", call, "no LINKED came back for any LINK that was told");
  } else if (tunnel.links_answered() > 0) {
    findings_.exercise("MPATH-H-4");
  }
}

mpath_status Probe::act_on_instance(Call& call) {
  const Slot slot = call.slot;
  if (slot == Slot::kInstanceOpen) return open(call);
  if (slot == Slot::kInstanceClose) return close(call);
  if (slot == Slot::kTunnelCreate) return create(call);
  if (slot == Slot::kConfigCheck || slot == Slot::kInstanceReload) {
    say(call.text, "");
    return MPATH_OK;
  }
  if (slot == Slot::kInstanceInfo) return info(call);
  if (slot == Slot::kInstanceTick && call.out_ids != nullptr) {
    *call.out_ids = MPATH_NEVER;
    return MPATH_OK;
  }
  if (slot == Slot::kInstanceShed && call.out_number != nullptr) {
    *call.out_number = 0;
    return MPATH_OK;
  }
  if (slot == Slot::kInstanceDrainLog && call.out != nullptr) {
    auto* const out = call.out_as<mpath_log_records>();
    out->count = out->left = 0;
    out->lost = 0;
    return MPATH_OK;
  }
  return MPATH_E_ARGUMENT;
}

mpath_status Probe::info(const Call& call) {
  mpath_instance_info info{};
  info.struct_size = call.out_as<mpath_instance_info>()->struct_size;
  info.tunnels = static_cast<std::uint32_t>(instances_[call.instance].size());
  info.legs_wanted = 2;
  info.legs_max = MPATH_LEGS_MAX;
  info.held_bytes_limit = info.reorder_high_water = info.reorder_low_water = MPATH_NEVER;
  info.handshake_timeout_us = MPATH_NEVER;
  std::memcpy(call.out, &info, sizeof info);
  return MPATH_OK;
}

void Probe::say(mpath_text* text, const std::string& words) const {
  if (text == nullptr) return;
  text->length = static_cast<std::uint32_t>(words.size());
  if (text->capacity == 0) return;
  const std::size_t fits = std::min<std::size_t>(words.size(), text->capacity - 1);
  std::memcpy(text->data, words.data(), fits);
  text->data[fits] = '\0';
}

mpath_status Probe::open(Call& call) {
  if (call.out_instance == nullptr) return MPATH_E_ARGUMENT;
  const mpath_config_text* const config = call.config;
  const bool has_text = config != nullptr && config->text != nullptr;
  const std::string_view text(has_text ? config->text : "", has_text ? config->length : 0);
  if (!has_script_ && open_now_ == 0 && text.starts_with(kScriptHead)) {
    script_error_.clear();
    (void)load_script(text, &script_error_);
  }
  if (!script_error_.empty()) {
    say(call.text, "mpath_probe: " + script_error_);
    return MPATH_E_CONFIG;
  }
  say(call.text, "");
  ++opened_;
  ++open_now_;
  *call.out_instance = reinterpret_cast<mpath_instance*>(opened_);
  instances_[*call.out_instance];
  write_verdicts(false);  // if the host never closes, this says so
  return MPATH_OK;
}

mpath_status Probe::create(const Call& call) {
  if (call.params->role != MPATH_ROLE_CLIENT) return MPATH_E_UNSUPPORTED;
  const mpath_tunnel_id id = ++made_;
  const auto [made, fresh] = instances_[call.instance].try_emplace(id, id, made_, *call.params);
  *call.out_ids = id;
  *call.out_leg = made->second.first_leg();
  return MPATH_OK;
}

mpath_status Probe::close(const Call& call) {
  if (call.instance == nullptr) return MPATH_OK;
  if (!instances_[call.instance].empty()) {
    write_verdicts(false);
    return MPATH_E_STATE;
  }
  instances_.erase(call.instance);
  --open_now_;  // the last one writes the verdicts
  return MPATH_OK;
}

}  // namespace mpath::probe
