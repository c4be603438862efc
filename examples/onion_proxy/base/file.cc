#include "examples/onion_proxy/base/file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace onion_proxy {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

Error file_error(const std::string& path, std::string_view what) {
  return Error{fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  const File file(std::fopen(path.c_str(), "rbe"));
  if (!file) return file_error(path, "open");
  struct stat status {};
  if (::fstat(::fileno(file.get()), &status) != 0) return file_error(path, "read");
  if (!S_ISREG(status.st_mode)) {
    return Error{fmt::format("cannot read {}: it is not a regular file", path)};
  }
  std::string out(bytes_max + 1, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), file.get()));
  if (std::ferror(file.get()) != 0) return file_error(path, "read");
  if (out.size() > bytes_max) {
    return Error{fmt::format("{} is larger than {} bytes", path, bytes_max)};
  }
  return out;
}

Status write_file_atomically(const std::string& path, const std::string& content) {
  const std::string draft = fmt::format("{}.{}.tmp", path, ::getpid());
  std::FILE* file = std::fopen(draft.c_str(), "wbe");
  if (file == nullptr) return file_error(draft, "create");
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed) {
    Error error = file_error(draft, "write");
    std::remove(draft.c_str());
    return error;
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) {
    Error error = file_error(path, "replace");
    std::remove(draft.c_str());
    return error;
  }
  return {};
}

}  // namespace onion_proxy
