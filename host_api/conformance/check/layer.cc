#include "host_api/conformance/check/layer.h"

#include <dlfcn.h>
#include <sys/random.h>

#include <cstdlib>
#include <utility>

namespace mpath::layer {
namespace {

using judge::Call;
using judge::Slot;

std::string variable(const char* name) {
  const char* const value = ::secure_getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Settings settings_from_environment() {
  Settings settings{.target = variable("MPATH_CHECK_TARGET"),
                    .report = variable("MPATH_CHECK_REPORT"),
                    .trace = variable("MPATH_CHECK_TRACE"),
                    .trace_secrets = variable("MPATH_CHECK_TRACE_SECRETS") == "1"};
  const std::string late = variable("MPATH_CHECK_LATE_US");
  if (!late.empty()) settings.late_us = std::strtoull(late.c_str(), nullptr, 10);
  return settings;
}

Layer::Layer(const Settings& settings)
    : report_(settings.report), host_({.late_us = settings.late_us}, model_, findings_) {
  findings_.listen([this](const judge::Finding& finding) { report_.finding(finding); });
  if (!settings.trace.empty()) {
    recorder_ = std::make_unique<Recorder>(settings.trace, settings.trace_secrets);
    if (!recorder_->is_open()) {
      report_.error("cannot write the trace to " + settings.trace);
      recorder_.reset();
    }
  }
  load(settings.target);
}

void Layer::load(const std::string& path) {
  if (!path.starts_with('/')) {
    report_.error("MPATH_CHECK_TARGET must be the absolute path of the plugin to be checked" +
                  (path.empty() ? "; it is not set" : ", not " + path));
    return;
  }
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    report_.error(std::string("MPATH_CHECK_TARGET cannot be loaded: ") + ::dlerror());
    return;
  }
  entry_ = reinterpret_cast<mpath_negotiate_fn>(::dlsym(library, MPATH_NEGOTIATE_SYMBOL));
  if (entry_ == nullptr) {
    report_.error(path + " does not export " MPATH_NEGOTIATE_SYMBOL ": it is no plugin");
  }
}

mpath_status Layer::negotiate(mpath_negotiation* io) {
  const std::lock_guard lock(mutex_);
  if (entry_ == nullptr) return MPATH_E_UNSUPPORTED;
  const bool readable = io != nullptr && io->struct_size >= sizeof *io;
  const auto blame = [&](const char* requirement, const char* what) {
    findings_.violation({.requirement = requirement,
                         .function = MPATH_NEGOTIATE_SYMBOL,
                         .call = host_.calls(),
                         .tunnel = 0,
                         .what = what});
  };
  if (!readable || io->magic != MPATH_NEGOTIATION_MAGIC || io->reserved != 0) {
    blame("MPATH-H-1", "a null pointer, struct_size, magic or reserved field is wrong");
  }
  const mpath_status status = entry_(io);
  if (status != MPATH_OK || !readable) return status;
  if (io->major < io->host_major_min || io->major > io->host_major_max) {
    blame("MPATH-P-3", "chose a major version that the host does not speak");
    return status;
  }
  if (io->table == nullptr || io->table->struct_size < sizeof(mpath_plugin_table)) {
    blame("MPATH-P-4", "hands out no table, or one that is shorter than version 1.0");
    return status;
  }
  const auto* const functions = reinterpret_cast<void* const*>(&io->table->status_text);
  for (std::size_t i = 0; functions + i <= reinterpret_cast<void* const*>(&io->table->poll); ++i) {
    if (functions[i] != nullptr) continue;
    blame("MPATH-P-4", "a function of the table is null");
    return status;
  }
  agreed_ = *io;
  if (plugin_ == nullptr) {
    plugin_ = std::make_unique<judge::PluginJudge>(*agreed_.table, model_, findings_);
  }
  return status;
}

bool Layer::before(Call& call, judge::PluginJudge::Before& state) {
  const std::lock_guard lock(mutex_);
  host_.judge(call, process_);
  if (call.instance != nullptr) {
    const judge::InstanceModel* const instance = model_.instance(call.instance);
    if (instance == nullptr) host_.blame("MPATH-H-25", call, "no such instance was ever opened");
    // A pointer to what is gone cannot be judged by the plugin either.
    if (instance == nullptr || instance->closed) return false;
  }
  if (judge::TunnelModel* const tunnel = model_.tunnel(call); tunnel != nullptr) {
    if (call.info().owner && tunnel->inside++ > 0) {
      host_.blame("MPATH-H-2", call, "another thread is inside a call on this tunnel");
    } else if (call.info().owner) {
      findings_.exercise("MPATH-H-2");
    }
  }
  state = plugin_->prepare(call);
  return true;
}

void Layer::draw_seed(Call& call) {
  const bool wanted =
      call.slot == Slot::kTunnelCreate && call.params->seed == nullptr && recorder_->has_secrets();
  if (!wanted || ::getrandom(seed_, sizeof seed_, 0) != sizeof seed_) return;
  params_ = *call.params;
  params_.struct_size = sizeof params_;
  params_.seed = seed_;
  call.params = &params_;
}

mpath_status Layer::forward(const Call& call) noexcept {
  try {
    return judge::forward(*agreed_.table, call);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    plugin_->blame("MPATH-P-29", call, "threw an exception");
    return MPATH_E_POISONED;
  }
}

void Layer::after(const Call& call, mpath_status status, const judge::PluginJudge::Before& state) {
  const std::lock_guard lock(mutex_);
  if (judge::TunnelModel* const tunnel = model_.tunnel(call);
      tunnel != nullptr && call.info().owner) {
    --tunnel->inside;
  }
  plugin_->judge(call, status, state);
  host_.judge_answer(call, status);
  model_.update(call, status, process_);
  if (call.slot == Slot::kInstanceClose && status == MPATH_OK) report_.summary(host_.calls());
}

mpath_status Layer::handle(Call& call) noexcept {
  try {
    judge::PluginJudge::Before state;
    if (!before(call, state)) return MPATH_E_ARGUMENT;
    const mpath_status status =
        recorder_ != nullptr && call.readable ? forward_recorded(call) : forward(call);
    after(call, status, state);
    return status;
  } catch (...) {
    return MPATH_E_NO_MEMORY;  // ours: the plugin was not called, or what it did stands
  }
}

mpath_status Layer::forward_recorded(Call& call) {
  const std::lock_guard in_order(call_mutex_);
  draw_seed(call);
  {
    const std::lock_guard lock(mutex_);
    const judge::InstanceModel* const instance = model_.instance(call.instance);
    recorder_->begin(call, instance != nullptr ? static_cast<std::uint32_t>(instance->ordinal) : 0);
  }
  const mpath_status status = forward(call);
  recorder_->end(call, status);
  return status;
}

const char* Layer::words(const char* function, const char* words) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    plugin_->judge_words(function, words);
  } catch (...) {
    return words;
  }
  return words;
}

}  // namespace mpath::layer
