#include "plugin/sidecar/serve/socket_place.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace conflux::sidecar {
namespace {

std::string check_directory(const std::string& directory) {
  struct stat status {};
  if (lstat(directory.c_str(), &status) != 0) {
    return directory + ": " + std::generic_category().message(errno) +
           "; make it: install -d -m 0750 " + directory;
  }
  if (!S_ISDIR(status.st_mode)) return directory + ": not a directory; name one that is";
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return directory + ": belongs to another user; give it to root or to the sidecar's user";
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return directory + ": others may write there; chmod go-w it";
  }
  return {};
}

// One that nobody listens to refuses, or is not there.
bool somebody_answers(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return false;
  const int connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const bool answers = connected == 0 || errno == EAGAIN || errno == EINPROGRESS;
  close(probe);
  return answers;
}

}  // namespace

std::string check_socket_place(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string problem = check_directory(slash == 0 ? "/" : path.substr(0, slash));
  if (!problem.empty()) return problem;
  if (somebody_answers(path)) {
    return path + ": another process serves this socket; stop it or choose another path";
  }
  return {};
}

}  // namespace conflux::sidecar
