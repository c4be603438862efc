// The check layer's report: one JSON object per line, written as it happens.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include "host_api/conformance/judge/findings.h"

namespace mpath::layer {

// {"kind":"HOST_MISBEHAVING","requirement":"MPATH-H-8","function":"receive","call":17,"tunnel":1,
//  "what":"..."}; also PLUGIN_MISBEHAVING, ERROR (the layer itself) and SUMMARY.
// Not thread-safe: whoever owns it locks.
class Report {
 public:
  // An empty path: standard error.
  explicit Report(const std::string& path);
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // The hundredth of the same requirement and function is the last that is written.
  void finding(const judge::Finding& finding);
  void error(const std::string& what);
  void summary(std::uint64_t calls);

 private:
  std::FILE* file_;
  std::map<std::string, std::uint64_t> written_;
  std::uint64_t host_findings_ = 0;
  std::uint64_t plugin_findings_ = 0;
};

}  // namespace mpath::layer
