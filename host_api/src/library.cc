#include "host_api/src/library.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include <boost/dll/shared_library.hpp>
#include <cstdint>
#include <system_error>

namespace mpath::detail {
namespace {

namespace dll = boost::dll;

// Everything is resolved now, so that a missing symbol is a refusal and not a crash later; nothing
// becomes visible to other libraries. Never RTLD_DEEPBIND: it breaks allocators and sanitizers.
constexpr auto kMode =
    static_cast<dll::load_mode::type>(dll::load_mode::rtld_now | dll::load_mode::rtld_local);

// The process's own directory in /proc, by number where possible: debuggers and symbolizers, which
// are other processes, can then open the path that the linker reports for the library.
std::string own_proc_directory() {
  char number[32];
  const ssize_t length = ::readlink("/proc/self", number, sizeof number);
  if (length <= 0 || static_cast<std::size_t>(length) == sizeof number) return "/proc/self";
  return "/proc/" + std::string(number, static_cast<std::size_t>(length));
}

// Spells a number in path components that change nothing.
void append_spelling(std::uint64_t number, std::string* path) {
  for (; number != 0; number >>= 1) *path += (number & 1) != 0 ? "./" : "/";
}

// What the linker said last, with the file's own name in place of the path made for the linker.
std::string linker_words(const std::string& path, std::string_view name) {
  const char* said = ::dlerror();
  std::string words = said != nullptr ? said : "no reason given";
  for (std::size_t at = words.find(path); at != std::string::npos; at = words.find(path)) {
    words.replace(at, path.size(), name);
  }
  return words;
}

}  // namespace

struct Library::Impl {
  dll::shared_library library;
};

std::string linker_path(int fd, const struct stat& facts) {
  // A mapped file keeps its inode, so device and inode name no other file while a library lives.
  std::string path = own_proc_directory() + "/fd/";
  append_spelling(facts.st_ino, &path);
  path += "../fd/";
  append_spelling(facts.st_dev, &path);
  return path += std::to_string(fd);
}

Refusal Library::open(int fd, const struct stat& facts, std::string_view name, Library* out) {
  auto impl = std::make_shared<Impl>();
  const std::string path = linker_path(fd, facts);
  std::error_code failed;
  impl->library.load(path, failed, kMode);
  if (failed) {
    // Boost drops the linker's words; they are still there for this thread.
    return {LoadError::kNotLoadable,
            "cannot load the plugin: " + linker_words(path, quoted(name)) +
                ". Install the plugin for this machine and what it depends on (see: ldd), on a "
                "file system that is not mounted noexec"};
  }
  out->impl_ = std::move(impl);
  return {};
}

Refusal Library::find_entry(std::string_view name, mpath_negotiate_fn* out) const {
  if (impl_->library.has(MPATH_NEGOTIATE_SYMBOL)) {
    *out = &impl_->library.get<mpath_status(mpath_negotiation*)>(MPATH_NEGOTIATE_SYMBOL);
    return {};
  }
  return {LoadError::kNoEntryPoint, quoted(name) + " is no multipath plugin: it does not export " +
                                        MPATH_NEGOTIATE_SYMBOL +
                                        ". Correct the path (plugin.path)"};
}

}  // namespace mpath::detail
