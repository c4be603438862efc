#include "host_api/conformance/plugin_file.h"

#include <dlfcn.h>

#include <cstring>

#include "host_api/conformance/check.h"

namespace mpath::kit {

PluginFile::PluginFile(const std::string& path) {
  // A name without a slash would be searched for in the system's folders.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw CannotLoad(::dlerror());
  void* symbol = ::dlsym(library, MPATH_NEGOTIATE_SYMBOL);
  if (symbol == nullptr) throw CannotLoad(::dlerror());
  entry_ = reinterpret_cast<mpath_negotiate_fn>(symbol);
}

const mpath_plugin_table& PluginFile::table() const {
  mpath_negotiation io = make_offer(MPATH_ABI_MAJOR, MPATH_ABI_MAJOR);
  const mpath_status status = entry_(&io);
  if (status != MPATH_OK || io.major != MPATH_ABI_MAJOR) {
    throw Failure("MPATH-P-3", fmt::format("asked for major {}: status {}, major {}",
                                           MPATH_ABI_MAJOR, status, io.major));
  }
  if (io.table == nullptr || io.table->struct_size < MPATH_SIZE_UPTO(mpath_plugin_table, poll)) {
    throw Failure("MPATH-P-4", "no table, or one that is shorter than version 1.0");
  }
  if (const std::size_t missing = first_missing_function(*io.table); missing > 0) {
    throw Failure("MPATH-P-4", fmt::format("function {} of the table is null", missing));
  }
  return *io.table;
}

std::size_t first_missing_function(const mpath_plugin_table& table) noexcept {
  constexpr std::size_t kFirst = offsetof(mpath_plugin_table, status_text);
  constexpr std::size_t kEnd = MPATH_SIZE_UPTO(mpath_plugin_table, poll);
  for (std::size_t at = kFirst; at < kEnd; at += sizeof(void (*)())) {
    void (*slot)() = nullptr;
    std::memcpy(&slot, reinterpret_cast<const char*>(&table) + at, sizeof slot);
    if (slot == nullptr) return (at - kFirst) / sizeof slot + 1;
  }
  return 0;
}

mpath_negotiation make_offer(std::uint32_t low, std::uint32_t high) noexcept {
  mpath_negotiation io{};
  io.struct_size = sizeof io;
  io.host_major_min = low;
  io.host_major_max = high;
  io.magic = MPATH_NEGOTIATION_MAGIC;
  return io;
}

}  // namespace mpath::kit
