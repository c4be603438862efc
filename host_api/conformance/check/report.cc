#include "host_api/conformance/check/report.h"

#include <nlohmann/json.hpp>

namespace mpath::layer {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t kSameMax = 100;

void write_line(std::FILE* file, const ordered_json& line) {
  const std::string text = line.dump(-1, ' ', true, ordered_json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);  // a host that crashes next has told what led there
}

}  // namespace

Report::Report(const std::string& path)
    : file_(path.empty() ? stderr : std::fopen(path.c_str(), "w")) {
  if (file_ != nullptr) return;
  file_ = stderr;
  error("cannot write the report to " + path + "; it goes to standard error");
}

Report::~Report() {
  if (file_ != stderr) std::fclose(file_);
}

void Report::finding(const judge::Finding& finding) {
  const bool of_host = finding.requirement.starts_with("MPATH-H-");
  ++(of_host ? host_findings_ : plugin_findings_);
  const std::uint64_t same = ++written_[finding.requirement + finding.function];
  if (same > kSameMax) return;
  ordered_json line{{"kind", of_host ? "HOST_MISBEHAVING" : "PLUGIN_MISBEHAVING"},
                    {"requirement", finding.requirement},
                    {"function", finding.function},
                    {"call", finding.call},
                    {"tunnel", finding.tunnel},
                    {"what", finding.what}};
  if (same == kSameMax) line["note"] = "more of the same are counted but not written";
  write_line(file_, line);
}

void Report::error(const std::string& what) {
  write_line(file_, ordered_json{{"kind", "ERROR"}, {"what", what}});
}

void Report::summary(std::uint64_t calls) {
  write_line(file_, ordered_json{{"kind", "SUMMARY"},
                                 {"calls", calls},
                                 {"host_findings", host_findings_},
                                 {"plugin_findings", plugin_findings_}});
}

}  // namespace mpath::layer
