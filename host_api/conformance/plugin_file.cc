#include "host_api/conformance/plugin_file.h"

#include <dlfcn.h>

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
  return *io.table;
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
