// Breakages of negotiation, table, words, configuration and instances: P-2..P-4, P-25..P-27, P-33,
// P-35.
#include <cstdint>
#include <cstring>

#include "test/host_api/broken/broken.h"

namespace conflux::broken {
namespace {

const char* few_reasons(std::uint32_t reason) {
  return reason > 200 ? nullptr : real().reason_text(reason);
}

const void* any_extension(const char*) { return &real(); }

mpath_status lenient_check(const mpath_config_text* config, mpath_text* text) {
  const mpath_status status = real().config_check(config, text);
  return status == MPATH_E_CONFIG ? MPATH_OK : status;
}

mpath_status endless_text(const mpath_config_text* config, mpath_text* text) {
  const mpath_status status = real().config_check(config, text);
  if (status == MPATH_E_CONFIG && text != nullptr && text->capacity > 0 &&
      text->length >= text->capacity) {
    text->data[text->capacity - 1] = 'x';
  }
  return status;
}

constinit mpath_instance* the_instance = nullptr;
constinit int opened = 0;

mpath_status open_the_same(const mpath_config_text* config, mpath_text* text,
                           mpath_instance** out) {
  if (the_instance == nullptr) {
    const mpath_status status = real().instance_open(config, text, out);
    if (status == MPATH_OK) {
      the_instance = *out;
      opened = 1;
    }
    return status;
  }
  const mpath_status status = real().config_check(config, text);
  if (status != MPATH_OK || out == nullptr) return out == nullptr ? MPATH_E_ARGUMENT : status;
  ++opened;
  *out = the_instance;
  return MPATH_OK;
}

mpath_status close_the_same(mpath_instance* instance) {
  if (instance == nullptr) return MPATH_OK;
  if (--opened > 0) return MPATH_OK;
  const mpath_status status = real().instance_close(instance);
  if (status != MPATH_OK) {
    ++opened;
  } else {
    the_instance = nullptr;
  }
  return status;
}

constexpr Breakage kAll[] = {
    {"table_copied_each_time", [](auto&) { set_entry(Entry::kCopiesTable); }},
    {"any_major_taken", [](auto&) { set_entry(Entry::kTakesAnyMajor); }},
    {"own_range_not_named", [](auto&) { set_entry(Entry::kHidesItsRange); }},
    {"function_missing", [](auto& t) { t.tunnel_activity = nullptr; }},
    {"table_too_short", [](auto& t) { t.struct_size -= 8; }},
    {"reason_without_words", [](auto& t) { t.reason_text = few_reasons; }},
    {"any_extension_there", [](auto& t) { t.get_extension = any_extension; }},
    {"check_more_lenient_than_open", [](auto& t) { t.config_check = lenient_check; }},
    {"text_not_ended", [](auto& t) { t.config_check = endless_text; }},
    {"one_instance_for_all",
     [](auto& t) {
       t.instance_open = open_the_same;
       t.instance_close = close_the_same;
     }},
};

}  // namespace

std::span<const Breakage> breakages_of_the_entry() noexcept { return kAll; }

}  // namespace conflux::broken
