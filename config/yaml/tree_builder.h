// The receiver of yaml-cpp's events; see tree.h.
#pragma once

#include <yaml-cpp/eventhandler.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/yaml/tree.h"

namespace conflux::config {

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Source& source, Report& report) : source_(source), report_(report) {}

  // True if parsing was ended by this class, which has then said why.
  bool stopped() const { return stopped_; }
  // The dotted path of the key whose value is being read; empty at the top.
  std::string path() const;
  // Where the innermost mapping or list begins that has not ended.
  Position innermost() const;
  std::optional<Node> take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override;

 private:
  // A mapping or list whose end has not come yet.
  struct Frame {
    Node node;
    bool key_next = false;   // a mapping waits for a key
    bool key_valid = false;  // false: the pair is dropped
    std::string key{};
    Position key_at{};
  };

  void start(const YAML::Mark& mark, const std::string& tag, Node::Kind kind);
  void finish();
  void complete(Node node);
  void complete_key(Frame& frame, const Node& node);
  void complete_value(Frame& frame, Node node);
  void check_tag(const YAML::Mark& mark, const std::string& tag);
  Node scalar(const YAML::Mark& mark, const std::string& value, bool plain);
  std::string_view text_at(const YAML::Mark& mark) const;
  bool in_merge() const;
  Position position(const YAML::Mark& mark, std::size_t length = 1) const;
  void add(Position at, std::string message, std::string expected);
  [[noreturn]] void stop(Position at, std::string message, std::string expected);

  const Source& source_;
  Report& report_;
  std::vector<Frame> open_;
  std::optional<Node> root_;
  std::size_t documents_ = 0;
  std::size_t keys_ = 0;
  std::size_t items_ = 0;
  bool stopped_ = false;
};

}  // namespace conflux::config
