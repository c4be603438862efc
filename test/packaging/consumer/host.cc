// Opens a plugin by the loader, pinned to the digest that was installed beside it.
#include <charconv>
#include <cstdio>
#include <fstream>
#include <mpath/loader.hpp>
#include <string>

namespace {

// "HEX  NAME", as sha256sum writes it.
bool read_pin(const char* path, mpath::Sha256* out) {
  std::ifstream file(path);
  std::string hex;
  if (!(file >> hex) || hex.size() != 2 * out->size()) return false;
  const char* at = hex.data();
  for (auto& byte : *out) {
    if (std::from_chars(at, at + 2, byte, 16).ptr != at + 2) return false;
    at += 2;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  mpath::LoadOptions options;
  mpath::Sha256 pin;
  if (argc != 3 || !read_pin(argv[2], &pin)) {
    std::fprintf(stderr, "usage: host_cc PLUGIN PLUGIN.sha256\n");
    return 2;
  }
  options.path = argv[1];
  options.pins.push_back(pin);
  const mpath::OpenResult opened = mpath::open_plugin(options, {"", "no file"});
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.message.c_str());
    return 1;
  }
  pin[0] ^= 1;
  options.pins = {pin};
  const mpath::LoadResult other = mpath::load_plugin(options);
  if (other.error != mpath::LoadError::kPinMismatch) {
    std::fprintf(stderr, "a wrong pin was taken: %s\n", other.message.c_str());
    return 1;
  }
  std::printf("opened %s as pinned\n", opened.instance.plugin().name());
  return 0;
}
