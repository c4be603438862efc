#include "config/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "config/parse.h"

namespace conflux::config {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason_of(int error) { return std::generic_category().message(error); }

std::string open_error(int error) {
  if (error == ELOOP) {
    return "is a symbolic link; name the file that it points to (readlink -f)";
  }
  return "cannot be opened: " + reason_of(error);
}

// Nothing if it is a regular file.
std::string kind_error(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return "cannot be examined: " + reason_of(errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return "is a directory; name the file in it";
  }
  return S_ISREG(status.st_mode) ? std::string() : "is not a regular file";
}

}  // namespace

FileText read_config_file(const std::string& path) {
  // O_NONBLOCK: to open a pipe must not wait for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) {
    return {.text = std::nullopt, .error = open_error(errno)};
  }
  if (std::string error = kind_error(file.get()); !error.empty()) {
    return {.text = std::nullopt, .error = std::move(error)};
  }
  std::string text;
  std::array<char, 16384> buffer;
  while (text.size() <= kMaxTextBytes) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got == 0) {
      return {.text = std::move(text), .error = {}};
    }
    if (got < 0 && errno != EINTR) {
      return {.text = std::nullopt, .error = "cannot be read: " + reason_of(errno)};
    }
    text.append(buffer.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
  }
  return {.text = std::nullopt, .error = "is larger than 1 MiB, which no configuration is"};
}

}  // namespace conflux::config
