#include "config/yaml/tree_builder.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>

#include <algorithm>
#include <utility>

namespace conflux::config {
namespace {

constexpr std::string_view kMergeKey = "<<";

std::size_t offset_of(const YAML::Mark& mark) {
  return mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos);
}

// Bytes of the quoted scalar that `text` begins with, or 0 if its closing quote is missing.
std::size_t quoted_length(std::string_view text) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) {
        return i + 1;
      }
      ++i;  // '' inside single quotes
    }
  }
  return 0;
}

}  // namespace

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ == 1) {
    return;
  }
  // yaml-cpp's Load would quietly ignore everything from here on.
  const bool marked = text_at(mark).starts_with("---");
  stop(position(mark),
       marked ? "a second YAML document begins here" : "text after the end of the document",
       "one document of `key: value` lines");
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t) {
  complete({.kind = Node::Kind::kNull, .at = position(mark)});
}

void TreeBuilder::OnAnchor(const YAML::Mark& mark, const std::string& name) {
  add(position(mark, name.size() + 1), "anchor " + in_quotes("&" + name), "values written out");
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  if (!in_merge()) {
    add(position(mark), "an alias", "the value written out");
  }
  complete({.kind = Node::Kind::kRefused, .at = position(mark)});
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  check_tag(mark, tag);
  // Behind a tag or an anchor, both reported, the mark is not the scalar's own.
  const bool refused = tag != "?" && tag != "!";
  if (refused || anchor != 0) {
    complete({.kind = refused ? Node::Kind::kRefused : Node::Kind::kScalar,
              .at = position(mark),
              .value = value,
              .plain = tag == "?"});
    return;
  }
  complete(scalar(mark, value, tag == "?"));
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                                  YAML::EmitterStyle::value) {
  start(mark, tag, Node::Kind::kList);
}

void TreeBuilder::OnSequenceEnd() { finish(); }

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                             YAML::EmitterStyle::value) {
  start(mark, tag, Node::Kind::kMap);
}

void TreeBuilder::OnMapEnd() { finish(); }

void TreeBuilder::start(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
  check_tag(mark, tag);
  if (open_.size() == kMaxDepth) {
    stop(position(mark), "more than " + std::to_string(kMaxDepth) + " levels of nesting",
         "sections as in `confluxctl config defaults`");
  }
  open_.push_back(
      {.node = {.kind = kind, .at = position(mark)}, .key_next = kind == Node::Kind::kMap});
}

void TreeBuilder::finish() {
  Node node = std::move(open_.back().node);
  open_.pop_back();
  complete(std::move(node));
}

void TreeBuilder::complete(Node node) {
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = open_.back();
  if (frame.node.kind == Node::Kind::kList) {
    if (++items_ > kMaxListItems) {
      stop(node.at, "more than " + std::to_string(kMaxListItems) + " list items", "fewer");
    }
    frame.node.children.push_back(std::move(node));
  } else if (frame.key_next) {
    complete_key(frame, node);
  } else {
    complete_value(frame, std::move(node));
  }
}

void TreeBuilder::complete_key(Frame& frame, const Node& node) {
  frame.key_next = false;
  frame.key = node.value;
  frame.key_at = node.at;
  frame.key_valid = node.kind == Node::Kind::kScalar && !node.value.empty();
  if (++keys_ > kMaxKeys) {
    stop(node.at, "more than " + std::to_string(kMaxKeys) + " keys", "fewer");
  }
  if (frame.key_valid && node.plain && node.value == kMergeKey) {
    add(node.at, "a merge key", "every key written out");
    frame.key_valid = false;
  } else if (!frame.key_valid && node.kind != Node::Kind::kRefused) {
    add(node.at, "a key that is not a word", "`key: value`");
  }
}

void TreeBuilder::complete_value(Frame& frame, Node node) {
  const std::string key_path = path();
  frame.key_next = true;
  if (!frame.key_valid) {
    return;
  }
  std::vector<Node>& pairs = frame.node.children;
  const auto same = [&](const Node& pair) { return pair.key == frame.key; };
  if (const auto first = std::find_if(pairs.begin(), pairs.end(), same); first != pairs.end()) {
    report_.add({.at = frame.key_at,
                 .key = key_path,
                 .message = "already set at " + to_string(first->key_at),
                 .expected = "each key once",
                 .related = {{key_path, first->key_at}}});
    return;
  }
  if (node.kind == Node::Kind::kNull) {
    node.at = frame.key_at;  // yaml-cpp marks the next token, which may be lines away
  }
  node.key = std::move(frame.key);
  node.key_at = frame.key_at;
  pairs.push_back(std::move(node));
}

// "?" is what yaml-cpp gives to plain nodes and "!" to quoted and block scalars, but also to a bare
// "!" in the text.
void TreeBuilder::check_tag(const YAML::Mark& mark, const std::string& tag) {
  const std::string_view text = text_at(mark);
  if (tag == "?" || (tag == "!" && !text.starts_with('!'))) {
    return;
  }
  add(position(mark), "a tag", "values without tags (! and !!)");
}

Node TreeBuilder::scalar(const YAML::Mark& mark, const std::string& value, bool plain) {
  const std::string_view text = text_at(mark);
  std::size_t length = 1;
  if (plain) {
    length = text.starts_with(value) ? value.size() : 1;
  } else if (text.starts_with('"') || text.starts_with('\'')) {
    length = quoted_length(text);
    if (length == 0) {
      // yaml-cpp takes the rest of the file into the value and says nothing.
      stop(position(mark), "a quote that is never closed", "a closing quote");
    }
  }
  return {
      .kind = Node::Kind::kScalar, .at = position(mark, length), .value = value, .plain = plain};
}

Position TreeBuilder::innermost() const {
  return open_.empty() ? kWholeText : open_.back().node.at;
}

std::string_view TreeBuilder::text_at(const YAML::Mark& mark) const {
  return source_.body().substr(std::min(offset_of(mark), source_.body().size()));
}

std::string TreeBuilder::path() const {
  std::string out;
  for (const Frame& frame : open_) {
    if (frame.node.kind == Node::Kind::kMap && frame.key_valid && !frame.key_next) {
      out += (out.empty() ? "" : ".") + printable(frame.key);
    }
  }
  return out;
}

bool TreeBuilder::in_merge() const {
  return !open_.empty() && !open_.back().key_next && open_.back().key == kMergeKey;
}

Position TreeBuilder::position(const YAML::Mark& mark, std::size_t length) const {
  return source_.position(offset_of(mark), length);
}

void TreeBuilder::add(Position at, std::string message, std::string expected) {
  report_.add(
      {.at = at, .key = path(), .message = std::move(message), .expected = std::move(expected)});
}

void TreeBuilder::stop(Position at, std::string message, std::string expected) {
  add(at, std::move(message), std::move(expected));
  stopped_ = true;
  throw YAML::ParserException(YAML::Mark::null_mark(), "stopped");
}

}  // namespace conflux::config
