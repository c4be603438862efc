// Results for people and for machines.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "host_api/conformance/check.h"
#include "host_api/conformance/result.h"

namespace mpath::kit {

struct Line {
  const Check* check;
  Result result;
};

struct Report {
  Settings settings;
  std::string plugin;  // name and version
  std::vector<Line> lines;

  [[nodiscard]] std::size_t count(Status status) const;
  [[nodiscard]] bool has_failed() const;
};

// The command that runs one check again.
[[nodiscard]] std::string reproduction(const Settings& settings, const Check& check);

// One line at a time, as results come; colour only if `out` is a terminal.
class TextReport {
 public:
  explicit TextReport(std::FILE* out);
  void begin(const Report& report) const;
  void tell(const Report& report, const Line& line);
  void end(const Report& report) const;

 private:
  std::FILE* out_;
  bool is_coloured_;
  std::string group_;
};

[[nodiscard]] std::string to_json(const Report& report);
[[nodiscard]] std::string to_junit(const Report& report);

// The table of requirements and who looks after each.
[[nodiscard]] std::string coverage_text();
[[nodiscard]] std::string coverage_json();
[[nodiscard]] std::string list_text(const std::vector<const Check*>& checks);

}  // namespace mpath::kit
