// The probe's verdicts: a JSON file with one entry per requirement of hosts.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "host_api/conformance/probe/probe.h"
#include "host_api/conformance/requirements.h"

namespace mpath::probe {
namespace {

const char* verdict_of(const judge::Findings::Entry& entry) {
  if (entry.violations > 0) return "failed";
  return entry.exercised > 0 ? "passed" : "not exercised";
}

}  // namespace

void Probe::write_verdicts(bool finished) {
  nlohmann::ordered_json all{{"plugin", "mpath_probe"},
                             {"finished", finished},
                             {"calls", host_->calls()},
                             {"requirements", nlohmann::ordered_json::array()}};
  if (!finished) all["note"] = "not all instances have been closed";
  for (const kit::Requirement& requirement : kit::requirements()) {
    if (kit::is_for_plugins(requirement)) continue;
    const auto found = findings_.entries().find(requirement.id);
    const judge::Findings::Entry entry =
        found != findings_.entries().end() ? found->second : judge::Findings::Entry{};
    all["requirements"].push_back({{"id", requirement.id},
                                   {"text", requirement.text},
                                   {"verdict", verdict_of(entry)},
                                   {"exercised", entry.exercised},
                                   {"violations", entry.violations},
                                   {"what", entry.words}});
  }
  std::FILE* const file =
      script_.verdicts.empty() ? stderr : std::fopen(script_.verdicts.c_str(), "w");
  if (file == nullptr) {
    std::fprintf(stderr, "mpath_probe: cannot write %s\n", script_.verdicts.c_str());
    return;
  }
  if (file == stderr && (!finished || std::exchange(told_, true))) return;
  const std::string text = all.dump(2) + "\n";
  std::fwrite(text.data(), 1, text.size(), file);
  if (file != stderr) std::fclose(file);
}

}  // namespace mpath::probe
