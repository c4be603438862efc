#include "examples/onion_proxy/proxy/plugin_host.h"

#include <gmock/gmock.h>

namespace onion_proxy {
namespace {

using ::testing::HasSubstr;

TEST(PluginHost, NamesTheVersionThatItNeedsIfAPluginIsOlder) {
  // Given a plugin of the first version, which knows no set of one leg
  boost::asio::io_context io;
  std::vector<std::string> lines;
  const Logger log{LogLevel::kNotice,
                   [&](LogLevel, std::string_view line) { lines.emplace_back(line); }};
  // when it is opened, then the proxy says why it cannot be used, and what to do.
  const auto opened = PluginHost::open(io, log, OLD_PLUGIN, PluginConfig{});
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error(), HasSubstr("speaks mpath 1.0, and at least 1.3 is needed"));
  EXPECT_THAT(opened.error(), HasSubstr("take the plugin of the proxy's own release"));
}

}  // namespace
}  // namespace onion_proxy
