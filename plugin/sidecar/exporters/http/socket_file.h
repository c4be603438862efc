// The file of a Unix socket: ours alone while we hold it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

namespace conflux::sidecar {

// Binding to a path whose socket another process serves would take it over without a word, so the
// right to it is a lock on <path>.lock, which dies with the process. Removes the socket when it
// ends, if it is still the one that was made here.
class SocketFile {
 public:
  // Null with `problem` if another process has it, or something else than a socket is there. A
  // socket that a dead process left behind is removed.
  struct Result {
    std::unique_ptr<SocketFile> file;
    std::string problem;
  };
  [[nodiscard]] static Result acquire(const std::string& path);
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  // After bind() and before listen(), when nobody can connect yet: owner and group may.
  [[nodiscard]] bool open_to_group();

 private:
  SocketFile(std::string path, int lock) noexcept;

  std::string path_;
  int lock_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace conflux::sidecar
