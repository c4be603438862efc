#include "plugin/region/writer_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace conflux::region {
namespace {

constexpr mode_t kRegionMode = S_IRUSR | S_IWUSR | S_IRGRP;

// Byte 0, whole life long. Of the open file description, so that a reader can ask whether the
// writer still lives without knowing its process.
struct flock lifetime_lock() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0;
  lock.l_len = 1;
  return lock;
}

std::string random_suffix() {
  std::array<unsigned char, 6> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return "draft";
  std::string text;
  for (const unsigned char byte : bytes) {
    std::array<char, 3> hex{};
    std::snprintf(hex.data(), hex.size(), "%02x", byte);
    text += hex.data();
  }
  return text;
}

}  // namespace

Writer::File::~File() {
  if (data != nullptr) munmap(data, size);
  if (!draft_.empty() && !published_) unlinkat(directory_, draft_.c_str(), 0);
  if (published_) {
    // Somebody may have put another file there since.
    struct stat ours {};
    struct stat there {};
    if (fstat(file_, &ours) == 0 &&
        fstatat(directory_, name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_ino == there.st_ino && ours.st_dev == there.st_dev) {
      unlinkat(directory_, name_.c_str(), 0);
    }
  }
  if (file_ >= 0) close(file_);
  if (directory_ >= 0) close(directory_);
}

bool Writer::File::fail(const std::string& what, const std::string& advice) {
  problem = "metrics region: " + what + "; " + advice;
  return false;
}

bool Writer::File::open_directory(const WriterOptions& options) {
  directory_path_ = options.directory;
  directory_ = open(options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory_ < 0) {
    const int error = errno;
    return fail("cannot open " + options.directory + ": " + std::strerror(error),
                error == EACCES
                    ? "let the proxy's user (and its AppArmor profile) write there"
                    : "make that directory, owned by the proxy's user and writable by nobody else");
  }
  struct stat status {};
  if (fstat(directory_, &status) != 0) return fail("cannot inspect it", "check the file system");
  return check_directory(options, status);
}

// Who else can write there could put a file of his own in our place.
bool Writer::File::check_directory(const WriterOptions& options, const struct stat& status) {
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return fail(options.directory + " belongs to another user", "give it to the proxy's user");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(options.directory + " is writable by others", "chmod go-w it");
  }
  struct statfs system {};
  if (fstatfs(directory_, &system) != 0) return fail("cannot inspect it", "check the file system");
  if (!options.allow_disk && system.f_type != TMPFS_MAGIC) {
    return fail(options.directory + " is not on tmpfs, where a store never waits for a disk",
                "use a directory below /run, or set metrics.allow_disk");
  }
  return true;
}

// A file whose lock somebody holds belongs to a proxy that lives.
bool Writer::File::is_free() {
  const int there = openat(directory_, name_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (there < 0) return true;
  struct flock lock = lifetime_lock();
  const bool held = fcntl(there, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close(there);
  return !held || fail(directory_path_ + "/" + name_ + " is in use by another proxy",
                       "give each proxy its own metrics.instance");
}

bool Writer::File::allocate(const std::string& instance, std::size_t bytes) {
  name_ = instance + kFileSuffix;
  if (!is_free()) return false;
  std::string draft = "." + instance + "." + random_suffix();
  file_ = openat(directory_, draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 kRegionMode);
  if (file_ < 0) {
    return fail("cannot create a file in " + directory_path_ + ": " + std::strerror(errno),
                "let the proxy's user write there");
  }
  draft_ = std::move(draft);
  // Whatever the proxy's umask is: the sidecar reads it by its group.
  if (fchmod(file_, kRegionMode) != 0) {
    return fail(std::string("cannot let its group read it: ") + std::strerror(errno),
                "use a directory on tmpfs");
  }
  // All of it now: a full tmpfs is an error here, and would be a SIGBUS later.
  if (const int error = posix_fallocate(file_, 0, static_cast<off_t>(bytes)); error != 0) {
    return fail("no room for " + std::to_string(bytes) + " bytes in " + directory_path_ + ": " +
                    std::strerror(error),
                "free some, or lower metrics.slots");
  }
  size = bytes;
  return true;
}

bool Writer::File::map() {
  void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file_, 0);
  if (mapped == MAP_FAILED) {
    return fail(std::string("cannot map it: ") + std::strerror(errno), "free some memory");
  }
  data = mapped;
  return true;
}

bool Writer::File::publish() {
  struct flock lock = lifetime_lock();
  if (fcntl(file_, F_OFD_SETLK, &lock) != 0) {
    return fail(std::string("cannot lock it: ") + std::strerror(errno), "use a local file system");
  }
  if (renameat(directory_, draft_.c_str(), directory_, name_.c_str()) != 0) {
    return fail(std::string("cannot put it in place: ") + std::strerror(errno),
                "let the proxy's user write there");
  }
  published_ = true;
  return true;
}

}  // namespace conflux::region
