#include "host_api/src/trusted_file.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "host_api/src/trust.h"

namespace mpath::detail {
namespace {

constexpr int kLinksMax = 40;  // as the kernel's own limit

struct Directory {
  UniqueFd fd;
  std::string name;  // its path, for messages
  DirectoryKind kind;
};

Refusal refuse_errno(int error, const std::string& name) {
  if (error == ENOENT || error == ENOTDIR) {
    return {LoadError::kMissing, quoted(name) + " does not exist. Install the plugin, or correct " +
                                     "the path (plugin.path)"};
  }
  return {LoadError::kUnreadable,
          "cannot open " + quoted(name) + ": " + std::strerror(error) +
              ". The user that runs this program must be able to read the plugin and every "
              "directory above it"};
}

class Walk {
 public:
  explicit Walk(const std::string& path) : euid_(::geteuid()) { prepend(path); }

  TrustedFile run() {
    TrustedFile out;
    out.refusal = enter_root();
    while (!out.refusal && !found_ && !todo_.empty()) out.refusal = step();
    if (!out.refusal && !found_) out.refusal = refuse_directory();
    if (!out.refusal) out.refusal = reopen(&out);
    return out;
  }

 private:
  // Puts the components of `path` in front of what is left to walk.
  void prepend(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
      const std::size_t slash = path.find('/');
      const std::string_view part = path.substr(0, slash);
      if (!part.empty()) parts.emplace_back(part);
      if (slash == std::string_view::npos) break;
      path.remove_prefix(slash + 1);
      // "plugin.so/" asks for a directory, as it does from the kernel.
      if (path.empty()) parts.emplace_back(".");
    }
    todo_.insert(todo_.begin(), parts.begin(), parts.end());
  }

  Refusal enter_root() {
    above_.clear();
    return enter(UniqueFd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), "/");
  }

  Refusal enter(UniqueFd fd, const std::string& name) {
    struct stat facts {};
    if (!fd || ::fstat(fd.get(), &facts) != 0) return refuse_errno(errno, name);
    DirectoryVerdict verdict = judge_directory(facts, name, euid_);
    if (!verdict.refusal) above_.push_back({std::move(fd), name, verdict.kind});
    return std::move(verdict.refusal);
  }

  Refusal step() {
    const std::string part = std::move(todo_.front());
    todo_.pop_front();
    if (part == ".") return {};
    if (part == "..") {
      if (above_.size() > 1) above_.pop_back();
      return {};
    }
    const Directory& here = above_.back();
    std::string name = (here.name == "/" ? "" : here.name) + "/" + part;
    UniqueFd fd(::openat(here.fd.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat facts {};
    if (!fd || ::fstat(fd.get(), &facts) != 0) return refuse_errno(errno, name);
    if (S_ISDIR(facts.st_mode)) return enter(std::move(fd), name);
    if (S_ISLNK(facts.st_mode)) return follow(fd, name);
    if (!todo_.empty()) return refuse_errno(ENOTDIR, name + "/" + todo_.front());
    found_ = std::move(fd);
    facts_ = facts;
    name_ = std::move(name);
    return judge_file(facts_, name_, here.kind, euid_);
  }

  Refusal follow(const UniqueFd& link, const std::string& name) {
    if (Refusal shared = judge_name_in(above_.back().kind, above_.back().name)) return shared;
    if (++links_ > kLinksMax) return refuse_errno(ELOOP, name);
    char target[PATH_MAX];
    const ssize_t length = ::readlinkat(link.get(), "", target, sizeof target);
    if (length < 0) return refuse_errno(errno, name);
    if (static_cast<std::size_t>(length) == sizeof target) return refuse_errno(ENAMETOOLONG, name);
    const std::string_view text(target, static_cast<std::size_t>(length));
    prepend(text);
    return text.starts_with('/') ? enter_root() : Refusal{};
  }

  // The walk ended in a directory.
  Refusal refuse_directory() const {
    struct stat facts {};
    facts.st_mode = S_IFDIR;
    return judge_file(facts, above_.back().name, DirectoryKind::kPrivate, euid_);
  }

  // An O_PATH descriptor cannot be read, but it holds the inode: this opens that very inode, and
  // only now that it is known not to be a device or a FIFO.
  Refusal reopen(TrustedFile* out) {
    const std::string handle = "/proc/self/fd/" + std::to_string(found_.get());
    out->fd = UniqueFd(::open(handle.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    out->facts = facts_;
    if (out->fd) return {};
    const int error = errno;
    if (error == ENOENT) {
      return {LoadError::kUnreadable,
              "cannot open " + quoted(handle) + ": /proc must be mounted while a plugin is loaded"};
    }
    return refuse_errno(error, name_);
  }

  const uid_t euid_;
  std::deque<std::string> todo_;
  std::vector<Directory> above_;
  int links_ = 0;
  UniqueFd found_;
  struct stat facts_ {};
  std::string name_;
};

}  // namespace

TrustedFile open_trusted_file(const std::string& path) {
  TrustedFile out;
  if (!path.starts_with('/')) {
    out.refusal = {LoadError::kRelativePath,
                   "plugin path " + quoted(path) +
                       " is not absolute, so it would depend on the working directory. Give the "
                       "whole path, such as /usr/lib/mpath/conflux.so"};
  } else if (path.find('\0') != std::string::npos) {
    out.refusal = refuse_errno(ENOENT, path);
  } else {
    out = Walk(path).run();
  }
  return out;
}

}  // namespace mpath::detail
