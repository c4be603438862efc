// Maps a shared object from a descriptor (Boost.DLL).
#pragma once

#include <mpath/plugin.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>

#include "host_api/src/refusal.h"

namespace mpath::detail {

// One mapped shared object; unmapped when the last copy goes. Holds no descriptor.
class Library {
 public:
  Library() = default;

  // `fd` must be readable and `facts` be its own. `name` is for messages only: what is mapped is
  // what the descriptor stands for.
  static Refusal open(int fd, const struct stat& facts, std::string_view name, Library* out);

  // The entry point. Runs no code of the library.
  Refusal find_entry(std::string_view name, mpath_negotiate_fn* out) const;

  explicit operator bool() const noexcept { return impl_ != nullptr; }

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// The path by which the dynamic linker gets at a descriptor: spelled differently for every file,
// because the linker hands out an old library for a path that it has seen before, without looking
// what that path stands for by now.
std::string linker_path(int fd, const struct stat& facts);

}  // namespace mpath::detail
