// Configuration text, from YAML to settings, and a reload of one text over another.
#include <string>
#include <string_view>

#include "config/parse.h"
#include "test/config/oracle.h"
#include "test/fuzz/support/expect.h"

namespace conflux::fuzz {
namespace {

// `first`, NUL, `second`: a running host reads its file again.
void check_reload(std::string_view first, std::string_view second) {
  const config::ParseResult before = config::parse(first, "t");
  if (!before.ok()) return;
  const config::ParseResult after = config::reload(*before.settings, second, "t");
  expect(!after.out_of_memory, "a reload does not run out of memory");
  if (!after.ok()) return;
  expect(config::parse(second, "t").ok(), "a reload accepts nothing that a start refuses");
  expect(after.settings->plugin.path == before.settings->plugin.path &&
             after.settings->plugin.on_failure == before.settings->plugin.on_failure,
         "what needs a restart keeps its value");
}

}  // namespace
}  // namespace conflux::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conflux::fuzz;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string promise = conflux::config::test::broken_promise(text);
  if (!promise.empty()) broken(promise.c_str());
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    check_reload(text.substr(0, nul), text.substr(nul + 1));
  }
  return 0;
}
