#include "examples/scheduler_lab/app/plugin.h"

#include <array>
#include <filesystem>
#include <mpath/loader.hpp>
#include <string_view>
#include <system_error>

namespace scheduler_lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInstalled = "/usr/lib/mpath/conflux.so";
constexpr std::string_view kExpected = "expected one of ";
constexpr std::string_view kAuto = "auto";

std::string default_path() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path prefix = self.parent_path().parent_path();
    for (const char* place : {"lib/conflux.so", "lib/conflux/conflux.so"}) {
      if (fs::exists(prefix / place, error)) return (prefix / place).string();
    }
  }
  return kInstalled;
}

}  // namespace

LoadedPlugin load(const std::string& path) {
  std::error_code error;
  LoadedPlugin out;
  out.path = fs::absolute(path.empty() ? default_path() : path, error).lexically_normal().string();
  mpath::LoadResult loaded = mpath::load_plugin({.path = out.path, .pins = {}});
  if (!loaded) {
    out.error = loaded.message;
    if (path.empty()) out.error += "; --plugin PATH names another file";
    return out;
  }
  out.plugin = loaded.plugin;
  out.sha256 = mpath::to_hex(loaded.sha256);
  return out;
}

std::vector<std::string> parse_schedulers(const std::string& diagnostics) {
  std::vector<std::string> names;
  const std::size_t found = diagnostics.find(kExpected);
  if (found == std::string::npos) return names;
  std::string_view rest(diagnostics);
  rest.remove_prefix(found + kExpected.size());
  rest = rest.substr(0, rest.find_first_of(";\n"));
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 2));
    if (!name.empty() && name != kAuto) names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> schedulers_of(const mpath::Plugin& plugin) {
  std::string diagnostics;
  const mpath::Status status = plugin.check(
      {.text = "version: 1\nconflux: {profile: lab, scheduler: \"\"}\n", .name = "schedulers"},
      &diagnostics);
  return status == mpath::Status::kErrorConfig ? parse_schedulers(diagnostics)
                                               : std::vector<std::string>{};
}

}  // namespace scheduler_lab
