// YAML text as a tree of mappings, lists and scalars, each with its place in the text.
//
// Built from the events of yaml-cpp, never from YAML::Node: a Node hides duplicate keys, shares
// aliased nodes (so that a walk of a small text never ends) and converts "yes" and "010".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/yaml/source.h"

namespace conflux::config {

// Limits of our own, far below those of yaml-cpp and far above what a configuration needs.
inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::size_t kMaxKeys = 1000;
inline constexpr std::size_t kMaxListItems = 1000;

struct Node {
  enum class Kind : std::uint8_t {
    kNull,
    kScalar,
    kMap,
    kList,
    kRefused,  // something that has been reported; nothing more is to be said about it
  };

  Kind kind = Kind::kNull;
  Position at{};                 // for kNull in a mapping: its key's
  std::string value{};           // kScalar: the text after YAML's unescaping
  bool plain = true;             // kScalar: neither quoted nor a block
  std::string key{};             // in a mapping
  Position key_at{};             // in a mapping
  std::vector<Node> children{};  // kMap and kList
};

// The only document of `source`, or nothing if it cannot be used as a tree (the report says why).
// Duplicate keys, aliases, anchors, merge keys and tags are reported and the tree is still built,
// so that the other errors of the file are found too.
std::optional<Node> build_tree(const Source& source, Report& report);

}  // namespace conflux::config
