#include "config/options/endpoint.h"

#include <gtest/gtest.h>

#include <regex>

namespace conflux::config {
namespace {

struct Case {
  const char* text;
  int forms;  // that it is
};

constexpr Case kCases[] = {
    {"none", kEndpointNone},
    {"/run/a.sock", kEndpointPath},
    {"unix:/run/a.sock", kEndpointUnix},
    {"127.0.0.1:9847", kEndpointLoopback | kEndpointTcp},
    {"127.255.0.9:0", kEndpointLoopback | kEndpointTcp},
    {"[::1]:9847", kEndpointLoopback | kEndpointTcp},
    {"localhost:1", kEndpointLoopback | kEndpointTcp},
    {"0.0.0.0:9847", kEndpointTcp},
    {"[2001:db8::1]:65535", kEndpointTcp},
    {"http://127.0.0.1:4317", kEndpointUrl},
    {"https://collector.example:4317", kEndpointUrl},
    {"https://[::1]:4317", kEndpointUrl},
    // None of them.
    {"", 0},
    {"/", 0},
    {"/run/", 0},
    {"/run/a b", 0},
    {"run/a.sock", 0},
    {"unix:a.sock", 0},
    {"127.0.0.1", 0},
    {"127.0.0.1:65536", 0},
    {"127.0.0.1:080", 0},
    {"127.0.0.256:1", 0},
    {"127.0.0.01:1", 0},
    {"127.0.0:1", 0},
    {"::1:9847", 0},
    {"collector.example:4317", 0},
    {"https://collector.example", 0},
    {"https://collector.example:4317/v1", 0},
    {"ftp://collector.example:21", 0},
    {"https://-a:1", 0},
};

TEST(Endpoint, IsReadInItsForms) {
  for (const Case& it : kCases) {
    for (int form = kEndpointNone; form <= kEndpointUrl; form *= 2) {
      EXPECT_EQ(is_endpoint(it.text, static_cast<std::uint8_t>(form)), (it.forms & form) != 0)
          << it.text << " as " << form;
    }
  }
}

TEST(Endpoint, FitsItsPatternExactlyIfItIsOne) {
  for (int form = kEndpointNone; form <= kEndpointUrl; form *= 2) {
    const std::regex pattern(endpoint_pattern(static_cast<std::uint8_t>(form)));
    for (const Case& it : kCases) {
      EXPECT_EQ(std::regex_search(it.text, pattern), (it.forms & form) != 0)
          << it.text << " as " << form;
    }
  }
}

TEST(Endpoint, IsRefusedIfItsSocketWouldNotFit) {
  const std::string path = "/" + std::string(kMaxSocketPathBytes - 1, 'a');
  EXPECT_TRUE(is_endpoint(path, kEndpointPath));
  EXPECT_FALSE(is_endpoint(path + "a", kEndpointPath));
}

TEST(Endpoint, IsLocalOnASocketAndOnLoopbackOnly) {
  for (const char* text : {"none", "/a", "unix:/a", "127.0.0.1:1", "[::1]:1", "localhost:1",
                           "http://localhost:1", "https://127.9.9.9:1"}) {
    EXPECT_TRUE(is_local_endpoint(text)) << text;
  }
  for (const char* text : {"0.0.0.0:1", "[::]:1", "192.0.2.1:1", "https://localhost.example:1",
                           "http://127.0.0.1.example:1"}) {
    EXPECT_FALSE(is_local_endpoint(text)) << text;
  }
}

}  // namespace
}  // namespace conflux::config
