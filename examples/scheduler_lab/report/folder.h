// The results folder: what was run, with which versions, and all that came of it.
#pragma once

#include <string>
#include <vector>

#include "examples/scheduler_lab/report/summary.h"

namespace scheduler_lab {

/// What the figures come from.
struct Provenance {
  std::string lab;            ///< version of this program
  std::string plugin;         ///< name and version
  std::string plugin_sha256;  ///< hexadecimal
  std::string abi;
  std::string settings{};  ///< of the plugin, beyond its defaults; YAML
};

/// A file below the results folder.
struct ResultFile {
  std::string path;
  std::string content;
};

/// Of one run: `scenario.yaml`, `run.json`, `series.csv`, `completions.csv`, all below
/// SCENARIO/SCHEDULER/seed-N.
[[nodiscard]] std::vector<ResultFile> files_of_run(const Runs& of, std::size_t run,
                                                   std::uint64_t seed, const Provenance& from);
/// Of all: `summary.txt`, `summary.csv`, `version.txt`, and the plots of each scenario.
[[nodiscard]] std::vector<ResultFile> files_of_all(const std::vector<Runs>& all,
                                                   const std::vector<Summary>& rows,
                                                   const Provenance& from);

/// Makes directories as needed. Empty, or what went wrong.
[[nodiscard]] std::string write_files(const std::string& directory,
                                      const std::vector<ResultFile>& files);
/// Empty if results may be written there; else what is wrong and what to do.
[[nodiscard]] std::string check_directory(const std::string& directory, bool overwrite);

}  // namespace scheduler_lab
