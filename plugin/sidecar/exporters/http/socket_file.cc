#include "plugin/sidecar/exporters/http/socket_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace conflux::sidecar {
namespace {

std::string problem_of(const std::string& path, const char* advice) {
  return path + ": " + std::generic_category().message(errno) + "; " + advice;
}

}  // namespace

SocketFile::Result SocketFile::acquire(const std::string& path) {
  const std::string lock_path = path + ".lock";
  const int lock = open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) {
    return {nullptr, problem_of(lock_path, "make its directory, and let the sidecar write there")};
  }
  std::unique_ptr<SocketFile> file(new SocketFile(path, lock));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return {nullptr, path + ": another process serves this socket; stop it or choose another path"};
  }
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return {std::move(file), {}};
  if (!S_ISSOCK(status.st_mode)) {
    return {nullptr, path + ": there is something that is not a socket; remove it"};
  }
  if (unlink(path.c_str()) != 0) return {nullptr, problem_of(path, "remove it")};
  return {std::move(file), {}};
}

SocketFile::SocketFile(std::string path, int lock) noexcept : path_(std::move(path)), lock_(lock) {}

SocketFile::~SocketFile() {
  struct stat status {};
  if (inode_ != 0 && lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_ &&
      status.st_dev == device_) {
    unlink(path_.c_str());
  }
  // The lock's file stays: to remove it would let two processes lock two files of that name.
  close(lock_);
}

bool SocketFile::open_to_group() {
  struct stat status {};
  if (lstat(path_.c_str(), &status) != 0 || chmod(path_.c_str(), 0660) != 0) return false;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return true;
}

}  // namespace conflux::sidecar
