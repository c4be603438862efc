#include <algorithm>
#include <cstring>
#include <string>

#include "plugin/abi/convert.h"
#include "plugin/abi/guarded.h"
#include "plugin/abi/shim.h"

namespace conflux {
namespace {

mpath_status check_config_text(const mpath_config_text* config) noexcept {
  if (config == nullptr) return MPATH_OK;  // the defaults
  if (const mpath_status status = check_sized(config); status != MPATH_OK) return status;
  return config->text == nullptr && config->length > 0 ? MPATH_E_ARGUMENT : MPATH_OK;
}

void write_text(const std::string& text, mpath_text* out) noexcept {
  if (out == nullptr) return;
  out->length = static_cast<std::uint32_t>(text.size());
  if (out->data == nullptr || out->capacity == 0) return;
  const std::size_t fits = std::min<std::size_t>(text.size(), out->capacity - 1);
  std::memcpy(out->data, text.data(), fits);
  out->data[fits] = '\0';
}

}  // namespace

namespace shim {

mpath_status config_check(const mpath_config_text* config, mpath_text* diagnostics) noexcept {
  if (const mpath_status status = check_config_text(config); status != MPATH_OK) return status;
  return guarded([&] {
    const ConfigResult result = read_config(config);
    write_text(result.diagnostics, diagnostics);
    return result.config == nullptr ? MPATH_E_CONFIG : MPATH_OK;
  });
}

mpath_status instance_open(const mpath_config_text* config, mpath_text* diagnostics,
                           mpath_instance** out) noexcept {
  if (out == nullptr) return MPATH_E_ARGUMENT;
  if (const mpath_status status = check_config_text(config); status != MPATH_OK) return status;
  return guarded([&] {
    ConfigResult result = read_config(config);
    if (result.config == nullptr) {
      write_text(result.diagnostics, diagnostics);
      return MPATH_E_CONFIG;
    }
    // A proxy that cannot tell runs all the same.
    std::string problem;
    std::unique_ptr<Metrics> metrics = Metrics::open(result.config->settings.conflux, problem);
    if (!problem.empty()) result.diagnostics += "warning: " + problem + "\n";
    write_text(result.diagnostics, diagnostics);
    std::unique_ptr<mpath_instance> instance(
        new mpath_instance{Instance(std::move(result.config), std::move(metrics))});
    if (!problem.empty()) {
      instance->impl.log_instance(LogEvent::kMetricsUnavailable, LogLevel::kWarn, 0);
    }
    *out = instance.release();
    return MPATH_OK;
  });
}

mpath_status instance_close(mpath_instance* instance) noexcept {
  if (instance == nullptr) return MPATH_OK;
  if (instance->impl.tunnels().count() > 0) return MPATH_E_STATE;
  delete instance;
  return MPATH_OK;
}

mpath_status instance_reload(mpath_instance* instance, const mpath_config_text* config,
                             mpath_text* diagnostics) noexcept {
  if (instance == nullptr) return MPATH_E_ARGUMENT;
  if (const mpath_status status = check_config_text(config); status != MPATH_OK) return status;
  return guarded([&] {
    Instance& impl = instance->impl;
    const std::shared_ptr<const InstanceConfig> current = impl.config();
    ConfigResult result = read_config(config, current.get());
    write_text(result.diagnostics, diagnostics);
    const bool accepted = result.config != nullptr;
    impl.log_instance(accepted ? LogEvent::kReloaded : LogEvent::kReloadRefused,
                      accepted ? LogLevel::kInfo : LogLevel::kError, 0);
    if (impl.metrics() != nullptr) impl.metrics()->count_reload(accepted);
    if (!accepted) return MPATH_E_CONFIG;
    impl.replace_config(std::move(result.config));
    return MPATH_OK;
  });
}

mpath_status instance_tick(mpath_instance* instance, std::uint64_t now_us,
                           std::uint64_t* next_deadline_us) noexcept {
  if (instance == nullptr || next_deadline_us == nullptr || !is_instant(now_us)) {
    return MPATH_E_ARGUMENT;
  }
  *next_deadline_us = instance->impl.tick(now_us);
  return MPATH_OK;
}

mpath_status instance_info(mpath_instance* instance, mpath_instance_info* out) noexcept {
  if (instance == nullptr) return MPATH_E_ARGUMENT;
  if (const mpath_status status = check_sized(out); status != MPATH_OK) return status;
  return guarded([&] {
    Instance& impl = instance->impl;
    const std::shared_ptr<const InstanceConfig> config = impl.config();
    const config::ConfluxSettings& conflux = config->settings.conflux;
    const mpath_instance_info info{.struct_size = 0,
                                   .tunnels = impl.tunnels().count(),
                                   .held_bytes = impl.held_bytes(),
                                   .held_bytes_limit = config->process_limit,
                                   .clock_steps_back = impl.clock_steps_back(),
                                   .legs_wanted = conflux.legs.count,
                                   .legs_max = conflux.legs.max,
                                   .handshake_timeout_us = static_cast<std::uint64_t>(
                                       config->tunnel.handshake_timeout.count()),
                                   .reorder_high_water = conflux.reorder.high_water,
                                   .reorder_low_water = conflux.reorder.low_water};
    write_sized(info, out);
    return MPATH_OK;
  });
}

mpath_status instance_drain_log(mpath_instance* instance, mpath_log_records* out) noexcept {
  if (instance == nullptr || out == nullptr || (out->items == nullptr && out->capacity > 0)) {
    return MPATH_E_ARGUMENT;
  }
  if (!fits_stride<mpath_log_record>(out->stride)) return MPATH_E_SIZE;
  return guarded([&] {
    LogRing& log = instance->impl.log();
    out->count = 0;
    mpath_log_record record;
    while (out->count < out->capacity && log.pop(record)) {
      write_element(record, out->items, out->stride, out->count++);
    }
    out->left = static_cast<std::uint32_t>(log.size());
    out->lost = log.take_lost();
    return MPATH_OK;
  });
}

mpath_status instance_shed(mpath_instance* instance, std::uint64_t bytes, mpath_tunnel_id* victims,
                           std::uint32_t capacity, std::uint32_t* count) noexcept {
  if (instance == nullptr || (victims == nullptr && capacity > 0)) return MPATH_E_ARGUMENT;
  return guarded([&] {
    const std::uint32_t marked = instance->impl.shed(bytes, {victims, capacity});
    if (count != nullptr) *count = marked;
    return MPATH_OK;
  });
}

}  // namespace shim
}  // namespace conflux
