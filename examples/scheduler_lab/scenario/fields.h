// Reads the mappings of a scenario file: each key once, with its unit and range; what is left over
// is an unknown key. Every finding has its place in the file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/yaml/tree.h"
#include "examples/scheduler_lab/net/engine.h"

namespace scheduler_lab {

struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
};

class Fields {
 public:
  /// `node` and `report` are borrowed. A node that is no mapping is reported.
  Fields(const conflux::config::Node& node, std::string path, conflux::config::Report& report);
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  /// Nothing if the key is missing. What is wrong is reported, and counts as missing.
  std::optional<std::uint64_t> integer(std::string_view key, Range range);
  std::optional<std::uint64_t> size(std::string_view key, Range range);  ///< bytes
  std::optional<Time> duration(std::string_view key, Range range);       ///< microseconds
  std::optional<std::string> text(std::string_view key);
  /// The index of one of `names`.
  std::optional<std::size_t> choice(std::string_view key, std::span<const std::string_view> names);
  /// A mapping or list; null if it is missing.
  const conflux::config::Node* node(std::string_view key);
  /// The items of a list; empty if it is missing. Something else is reported.
  std::span<const conflux::config::Node> list(std::string_view key);

  /// Reports that a key must be there.
  void require(std::string_view key, std::string_view expected);
  void refuse(std::string_view key, std::string message, std::string expected);
  /// Reports keys that nobody asked for. Keys that begin with `x-` are the user's own.
  void finish();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }

 private:
  const conflux::config::Node* take(std::string_view key);
  const conflux::config::Node* take_scalar(std::string_view key, std::string_view expected);
  [[nodiscard]] const conflux::config::Node* find(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key) const;

  const conflux::config::Node& node_;
  std::string path_;
  conflux::config::Report& report_;
  std::vector<std::string_view> known_;
};

}  // namespace scheduler_lab
