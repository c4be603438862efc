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

TEST(PluginHost, KeepsItsConfigurationAndSaysWhyIfThePluginRefusesANewOne) {
  // Given an open plugin
  boost::asio::io_context io;
  const Logger log{LogLevel::kError, [](LogLevel, std::string_view) {}};
  const auto config = load_plugin_config({});
  ASSERT_TRUE(config.ok()) << config.error();
  const auto opened = PluginHost::open(io, log, CONFLUX_PLUGIN, config.value());
  ASSERT_TRUE(opened.ok()) << opened.error();
  PluginHost& host = *opened.value();
  // when it is to publish metrics from now on, which needs a restart,
  PluginConfig changed = config.value();
  changed.text = "version: 1\nconflux:\n  metrics:\n    mode: aggregate\n";
  changed.name = "changed";
  const Status refused = host.reload(changed);
  // then it says what cannot change and where that stands;
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error(), HasSubstr("changed:4:"));
  EXPECT_THAT(refused.error(), HasSubstr("conflux.metrics.mode"));
  // what can change is taken over.
  changed.text = "version: 1\nconflux:\n  profile: lab\n  legs:\n    count: 3\n";
  const Status taken = host.reload(changed);
  EXPECT_TRUE(taken.ok()) << taken.error();
}

}  // namespace
}  // namespace onion_proxy
