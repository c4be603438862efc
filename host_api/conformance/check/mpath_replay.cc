// mpath-replay: makes the calls of a trace again, with another plugin or another build of it.
#include <dlfcn.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "host_api/conformance/check/replay.h"

namespace {

constexpr int kDiffers = 1;
constexpr int kCannot = 2;

int fail(const std::string& what) {
  std::cerr << "mpath-replay: " << what << '\n';
  return kCannot;
}

// nullptr: `*why` says why.
const mpath_plugin_table* load(const std::string& path, std::string* why) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    *why = ::dlerror();
    return nullptr;
  }
  const auto entry = reinterpret_cast<mpath_negotiate_fn>(::dlsym(library, MPATH_NEGOTIATE_SYMBOL));
  mpath_negotiation io{};
  io.struct_size = sizeof io;
  io.host_major_min = io.host_major_max = MPATH_ABI_MAJOR;
  io.magic = MPATH_NEGOTIATION_MAGIC;
  if (entry == nullptr || entry(&io) != MPATH_OK || io.table == nullptr) {
    *why = path + fmt::format(" is no multipath plugin for ABI {}", MPATH_ABI_MAJOR);
    return nullptr;
  }
  return io.table;
}

int run(const std::string& trace_path, const std::string& plugin_path, bool print) {
  std::ifstream file(trace_path, std::ios::binary);
  if (!file) return fail("cannot read " + trace_path);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (print) {
    const mpath::replay::Listing listing = mpath::replay::print(bytes);
    std::cout << listing.calls;
    return listing.problem.empty() ? 0 : fail(trace_path + ": " + listing.problem);
  }
  if (plugin_path.empty()) return fail("name the plugin to replay against, or use --print");
  std::string why;
  const std::string path =
      plugin_path.find('/') == std::string::npos ? "./" + plugin_path : plugin_path;
  const mpath_plugin_table* const table = load(path, &why);
  if (table == nullptr) return fail(why);
  const mpath::replay::Outcome outcome = mpath::replay::replay(bytes, *table);
  if (!outcome.readable) return fail(trace_path + ": " + outcome.difference);
  if (!outcome.difference.empty()) {
    std::cout << "different: " << outcome.difference << '\n';
    return kDiffers;
  }
  std::cout << fmt::format("identical: {} calls\n", outcome.calls);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{
      "Makes the calls of a trace again and compares every byte that the plugin answers.\n"
      "Exits with 0 if all are the same, 1 at the first difference, 2 if it cannot be tried."};
  app.footer(
      "Examples:\n"
      "  MPATH_CHECK_TARGET=/usr/lib/mpath/conflux.so MPATH_CHECK_TRACE=run.trace \\\n"
      "    MPATH_CHECK_TRACE_SECRETS=1 my-proxy --plugin /usr/lib/mpath/mpath_check.so\n"
      "  mpath-replay run.trace build/lib/conflux.so\n"
      "  mpath-replay --print run.trace");
  std::string trace_path;
  std::string plugin_path;
  bool print = false;
  app.add_option("trace", trace_path, "file that mpath_check.so wrote")->required();
  app.add_option("plugin", plugin_path, "plugin to replay against");
  app.add_flag("--print", print, "show the calls, one per line, without a plugin");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kCannot;
  }
  return run(trace_path, plugin_path, print);
} catch (const std::exception& error) {
  return fail(error.what());
}
