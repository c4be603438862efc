// A private directory with copies of test plugins, for tests that play with owners and modes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mpath/loader.hpp>
#include <string>

#include "test/support/temporary_directory.h"

namespace conflux::test {

class Sandbox {
 public:
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }
  // A new file `name`, mode 0644, with the content of the test plugin `variant`.
  std::filesystem::path copy_plugin(const std::string& variant, const std::string& name) const;
  std::filesystem::path write(const std::string& name, const std::string& content) const;
  std::filesystem::path make_directory(const std::string& name, unsigned mode = 0755) const;

 private:
  TemporaryDirectory directory_;
};

// Where the build put a test plugin.
std::filesystem::path built_plugin(const std::string& variant);

// By another way than the loader's.
mpath::Sha256 sha256_of(const std::filesystem::path& file);

void change_mode(const std::filesystem::path& path, unsigned mode);

}  // namespace conflux::test
