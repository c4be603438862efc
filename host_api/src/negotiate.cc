#include "host_api/src/negotiate.h"

#include <cstddef>
#include <cstring>
#include <string>

namespace mpath::detail {
namespace {

constexpr std::size_t kFirstSlot = offsetof(mpath_plugin_table, status_text);
constexpr std::size_t kTableSize = MPATH_SIZE_UPTO(mpath_plugin_table, poll);
using Slot = void (*)();

std::string range_text(std::uint32_t low, std::uint32_t high) {
  std::string text = std::to_string(low);
  if (high != low) text += " to " + std::to_string(high);
  return text;
}

Refusal refuse_version(const mpath_negotiation& io, std::string_view name) {
  const bool plugin_is_older = io.plugin_major_max < io.host_major_min;
  return {LoadError::kNoCommonVersion,
          quoted(name) + " speaks ABI version " +
              range_text(io.plugin_major_min, io.plugin_major_max) + ", this program " +
              range_text(io.host_major_min, io.host_major_max) + ". Upgrade the " +
              (plugin_is_older ? "plugin" : "program")};
}

Refusal refuse_answer(mpath_status status, std::string_view name) {
  return {LoadError::kNegotiationFailed, quoted(name) + " failed to negotiate (status " +
                                             std::to_string(status) +
                                             "). It is broken: reinstall or upgrade it"};
}

}  // namespace

Refusal judge_table(const mpath_plugin_table* table, std::string_view name) {
  if (table == nullptr || table->struct_size < kTableSize) {
    const std::uint32_t size = table == nullptr ? 0 : table->struct_size;
    return {LoadError::kTableTooSmall,
            quoted(name) + " has a function table of " + std::to_string(size) +
                " bytes where its version promises " + std::to_string(kTableSize) +
                ". It is broken: reinstall or upgrade it"};
  }
  for (std::size_t offset = kFirstSlot; offset < kTableSize; offset += sizeof(Slot)) {
    Slot slot = nullptr;
    std::memcpy(&slot, reinterpret_cast<const char*>(table) + offset, sizeof slot);
    if (slot == nullptr) {
      return {LoadError::kTableIncomplete,
              quoted(name) + " lacks function " +
                  std::to_string((offset - kFirstSlot) / sizeof(Slot) + 1) +
                  " of its table. It is broken: reinstall or upgrade it"};
    }
  }
  return {};
}

Refusal negotiate(mpath_negotiate_fn entry, const LoadOptions& options, Plugin* out) {
  mpath_negotiation io = sized<mpath_negotiation>();
  io.magic = MPATH_NEGOTIATION_MAGIC;
  io.host_major_min = options.major_min;
  io.host_major_max = options.major_max;
  const mpath_status status = entry(&io);
  if (status == MPATH_E_VERSION) return refuse_version(io, options.path);
  if (status != MPATH_OK) return refuse_answer(status, options.path);
  if (io.major < options.major_min || io.major > options.major_max) {
    return refuse_version(io, options.path);
  }
  if (Refusal broken = judge_table(io.table, options.path)) return broken;
  *out = Plugin(io);
  return {};
}

}  // namespace mpath::detail
