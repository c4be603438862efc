#include "test/host_api/sandbox.h"

#include <openssl/sha.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace conflux::test {
namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::system_error(errno, std::generic_category(), file.string());
  std::string content(fs::file_size(file), '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

}  // namespace

fs::path Sandbox::copy_plugin(const std::string& variant, const std::string& name) const {
  return write(name, read_all(built_plugin(variant)));
}

fs::path Sandbox::write(const std::string& name, const std::string& content) const {
  const fs::path file = directory_.write(name, content);
  change_mode(file, 0644);
  return file;
}

fs::path Sandbox::make_directory(const std::string& name, unsigned mode) const {
  fs::create_directory(path() / name);
  change_mode(path() / name, mode);
  return path() / name;
}

fs::path built_plugin(const std::string& variant) {
  return fs::path(CONFLUX_TEST_PLUGIN_DIR) / ("test_plugin_" + variant + ".so");
}

mpath::Sha256 sha256_of(const fs::path& file) {
  const std::string content = read_all(file);
  mpath::Sha256 digest{};
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data());
  return digest;
}

void change_mode(const fs::path& path, unsigned mode) {
  if (::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) {
    throw std::system_error(errno, std::generic_category(), path.string());
  }
}

}  // namespace conflux::test
