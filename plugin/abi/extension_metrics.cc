// The extension mpath.metrics/1.
#include "plugin/abi/extension_metrics.h"

#include <array>
#include <cstring>

#include "plugin/abi/guarded.h"
#include "plugin/region/catalogue.h"

namespace conflux {
namespace {

constexpr std::size_t kMetrics = static_cast<std::size_t>(region::Metric::kCount);
// Label values of all metrics together; the catalogue's test bounds them per metric.
constexpr std::size_t kValuesMax = 8;

// The catalogue in the contract's words. Its texts are literals, hence NUL-terminated.
struct Descriptions {
  std::array<mpath_metric, kMetrics> metrics{};
  std::array<std::array<const char*, kValuesMax>, kMetrics> values{};

  Descriptions() noexcept {
    for (std::size_t i = 0; i < kMetrics; ++i) {
      const region::MetricSpec& spec = region::catalogue()[i];
      for (std::size_t j = 0; j < spec.values.size(); ++j) values[i][j] = spec.values[j].data();
      metrics[i] = {
          .struct_size = sizeof(mpath_metric),
          .kind = static_cast<std::uint32_t>(spec.kind),
          .name = spec.name.data(),
          .unit = spec.unit.data(),
          .help = spec.help.data(),
          .label = spec.label.empty() ? "" : spec.label.data(),
          .values = values[i].data(),
          .bounds = spec.bounds.data(),
          .value_count = static_cast<std::uint32_t>(spec.values.size()),
          .bound_count = static_cast<std::uint32_t>(spec.bounds.size()),
          .first_word = static_cast<std::uint32_t>(region::word_of(static_cast<region::Metric>(i))),
          .word_count = static_cast<std::uint32_t>(region::word_count(spec)),
          .bin = spec.bin,
          .scale = spec.scale};
    }
  }
};

const mpath_metric* describe(std::uint32_t index) noexcept {
  static const Descriptions descriptions;
  return index < kMetrics ? &descriptions.metrics[index] : nullptr;
}

mpath_status snapshot(mpath_instance* instance, std::uint64_t* words, std::uint32_t capacity,
                      std::uint32_t* count) noexcept {
  if (instance == nullptr || count == nullptr || (words == nullptr && capacity > 0)) {
    return MPATH_E_ARGUMENT;
  }
  Metrics* metrics = instance->impl.metrics();
  if (metrics == nullptr) return MPATH_E_UNSUPPORTED;
  *count = static_cast<std::uint32_t>(region::aggregate_words());
  if (capacity < *count) return MPATH_E_BUFFER;
  metrics->snapshot({words, capacity});
  return MPATH_OK;
}

constexpr mpath_metrics kExtension{.struct_size = sizeof(mpath_metrics),
                                   .count = static_cast<std::uint32_t>(kMetrics),
                                   .describe = describe,
                                   .snapshot = snapshot};

}  // namespace

const void* extension(const char* id) noexcept {
  return id != nullptr && std::strcmp(id, MPATH_METRICS) == 0 ? &kExtension : nullptr;
}

}  // namespace conflux
