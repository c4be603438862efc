#include "examples/scheduler_lab/report/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "examples/scheduler_lab/report/plots.h"

namespace scheduler_lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = "version.txt";

std::string list_of(const std::vector<double>& values) {
  std::string out;
  for (const double value : values) out += fmt::format("{}{:.4f}", out.empty() ? "" : ", ", value);
  return "[" + out + "]";
}

std::string json_escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? "\\n" : std::string(1, c);
  }
  return out;
}

// Names are of files and of schedulers that a plugin knows: nothing that JSON must escape.
std::string json_of(const Runs& of, const RunResult& run, std::uint64_t seed,
                    const Provenance& from) {
  std::string out = "{\n";
  const auto field = [&out](const char* key, const std::string& value, bool last = false) {
    out += fmt::format("  \"{}\": {}{}\n", key, value, last ? "" : ",");
  };
  field("lab_version", "\"" + from.lab + "\"");
  field("plugin", "\"" + from.plugin + "\"");
  field("plugin_sha256", "\"" + from.plugin_sha256 + "\"");
  field("abi", "\"" + from.abi + "\"");
  field("settings", "\"" + json_escape(from.settings) + "\"");
  field("scenario", "\"" + of.scenario->name + "\"");
  field("scheduler", "\"" + of.scheduler + "\"");
  field("seed", std::to_string(seed));
  field("ended_s", fmt::format("{:.6f}", to_seconds(run.ended)));
  field("bytes_sent", std::to_string(run.bytes_sent));
  field("bytes_delivered", std::to_string(run.bytes_delivered));
  field("goodput_bytes_per_s", fmt::format("{:.0f}", run.goodput));
  field("peak_out_of_order_cells", std::to_string(run.peak_held_cells));
  field("peak_out_of_order_bytes", std::to_string(run.peak_held_bytes));
  field("p95_out_of_order_cells", std::to_string(run.p95_held_cells));
  field("mean_out_of_order_cells", fmt::format("{:.3f}", run.mean_held_cells));
  field("switches", std::to_string(run.switches));
  field("tunnels_lost", std::to_string(run.tunnels_lost));
  field("shares", list_of(run.shares));
  field("competitors_bytes_per_s", list_of(run.competitor_goodput));
  field("jain_index", run.jain ? fmt::format("{:.4f}", *run.jain) : "null", true);
  return out + "}\n";
}

std::string series_of(const RunResult& run) {
  std::string out = "seconds,delivered_bytes,peak_ooo_cells,peak_ooo_bytes";
  for (std::size_t leg = 1; leg <= run.shares.size(); ++leg) {
    out += fmt::format(",leg{0}_cells,leg{0}_cwnd,leg{0}_rtt_us", leg);
  }
  out += "\n";
  for (const Sample& sample : run.samples) {
    out += fmt::format("{:.3f},{},{},{}", to_seconds(sample.at), sample.delivered,
                       sample.held_cells, sample.held_bytes);
    for (const Sample::Leg& leg : sample.legs) {
      out += fmt::format(",{},{},{}", leg.cells, leg.cwnd, leg.rtt_us);
    }
    out += "\n";
  }
  return out;
}

std::string completions_of(const RunResult& run) {
  std::string out = "kind,made_s,bytes,took_s\n";
  for (const Completion& completion : run.completions) {
    out += fmt::format("{},{:.6f},{},{}\n", name_of(completion.kind),
                       to_seconds(completion.created), completion.bytes,
                       completion.took ? fmt::format("{:.6f}", to_seconds(*completion.took)) : "");
  }
  return out;
}

}  // namespace

std::vector<ResultFile> files_of_run(const Runs& of, std::size_t run, std::uint64_t seed,
                                     const Provenance& from) {
  const std::string base = fmt::format("{}/{}/seed-{}/", of.scenario->name, of.scheduler, seed);
  const RunResult& result = of.runs[run];
  return {{base + "scenario.yaml", of.scenario->text},
          {base + "run.json", json_of(of, result, seed, from)},
          {base + "series.csv", series_of(result)},
          {base + "completions.csv", completions_of(result)}};
}

std::vector<ResultFile> files_of_all(const std::vector<Runs>& all, const std::vector<Summary>& rows,
                                     const Provenance& from) {
  std::vector<ResultFile> out{
      {"summary.txt", table_of(rows)},
      {"summary.csv", csv_of(rows)},
      {kMarker, fmt::format("scheduler_lab {}\nplugin {}\nsha256 {}\nABI {}\nsettings:\n{}",
                            from.lab, from.plugin, from.plugin_sha256, from.abi, from.settings)}};
  for (auto begin = all.begin(); begin != all.end();) {
    const auto end = std::find_if(begin, all.end(),
                                  [&](const Runs& of) { return of.scenario != begin->scenario; });
    for (NamedPlot& plot : plots_of({begin, end})) {
      out.push_back({begin->scenario->name + "/" + plot.file, std::move(plot.svg)});
    }
    begin = end;
  }
  return out;
}

std::string check_directory(const std::string& directory, bool overwrite) {
  std::error_code error;
  if (!fs::exists(directory, error)) return {};
  if (!fs::is_directory(directory, error)) return directory + " is not a directory";
  if (fs::is_empty(directory, error)) return {};
  const bool ours = fs::exists(fs::path(directory) / kMarker, error);
  if (overwrite && ours) return {};
  if (overwrite) return directory + " holds other things than results; choose another --out";
  return directory + " is not empty; choose another --out, or add --force to overwrite results";
}

std::string write_files(const std::string& directory, const std::vector<ResultFile>& files) {
  for (const ResultFile& file : files) {
    const fs::path path = fs::path(directory) / file.path;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) return path.parent_path().string() + ": " + error.message();
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << file.content;
    out.close();
    if (!out) return path.string() + ": cannot be written: " + std::strerror(errno);
  }
  return {};
}

}  // namespace scheduler_lab
