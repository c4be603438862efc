// A directory on tmpfs for one test, and regions in it.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "plugin/region/catalogue.h"
#include "plugin/region/reader.h"
#include "plugin/region/writer.h"
#include "test/support/temporary_directory.h"

namespace conflux::region::test {

class Directory {
 public:
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }
  [[nodiscard]] std::string region() const { return path() / "proxy.cfxm"; }
  [[nodiscard]] WriterOptions options(std::size_t slots = 0) const {
    return {.directory = path(), .instance = "proxy", .slots = slots};
  }
  // Everything that is there, hidden files too.
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path()), {}));
  }

 private:
  conflux::test::TemporaryDirectory directory_{conflux::test::kTmpfs};
};

inline std::unique_ptr<Writer> make_writer(const WriterOptions& options) {
  WriterResult result = Writer::create(options);
  if (result.writer == nullptr) throw std::runtime_error(result.problem);
  return std::move(result.writer);
}

inline std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace conflux::region::test
