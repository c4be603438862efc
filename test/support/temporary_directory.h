// A directory for one test alone: CTest runs the tests of one program side by side, so that a name
// which two of them share is sooner or later removed under one by the other.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace conflux::test {

class TemporaryDirectory {
 public:
  // Below the system's place for such things, or below `parent`.
  explicit TemporaryDirectory(
      const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string name = parent / "conflux-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), name);
    }
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string path(std::string_view name) const { return path_ / name; }
  // A file with this content, whatever it held before.
  std::string write(std::string_view name, std::string_view content) const {
    std::ofstream file(path(name), std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    if (!file.flush()) throw std::system_error(errno, std::generic_category(), path(name));
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

// Where regions and sockets of tests lie: tmpfs, and a short name.
inline const std::filesystem::path kTmpfs = "/dev/shm";

}  // namespace conflux::test
