#include "config/yaml/tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <utility>

#include "config/yaml/tree_builder.h"

namespace conflux::config {
namespace {

constexpr std::string_view kMinimalFile = "at least the line `version: 1`";

// What yaml-cpp says (from the front), and what it means to somebody who edits a file.
struct Wording {
  std::string_view theirs;
  std::string_view message;
  std::string_view expected;
};

constexpr auto kWordings = std::to_array<Wording>({
    {"illegal map value", "a ':' where no key can stand",
     "one `key: value` a line, keys of one section indented alike, values that hold ': ' quoted"},
    {"illegal map key", "a '?' where no key can stand", "`key: value`"},
    {"illegal block entry", "a '- ' where no list can stand", "list items on lines of their own"},
    {"illegal flow end", "a closing bracket without an opening one", "matching brackets"},
    {"end of map flow not found", "a '{' that is never closed", "'}'"},
    {"end of sequence flow not found", "a '[' that is never closed", "']'"},
    {"end of map not found", "text that is neither a key nor part of the value before it",
     "keys of one section indented alike, and one value a key"},
    {"end of sequence not found", "text that does not belong to the list before it",
     "list items indented alike"},
    {"unknown token", "a character that cannot begin a value", "a value, in quotes if need be"},
    {"the referenced anchor is not defined", "an alias", "the value written out"},
    {"alias not found after", "a '*' that cannot begin a value", "the value in quotes"},
    {"anchor not found after", "a '&' that cannot begin a value", "the value in quotes"},
    {"illegal document indicator in scalar", "a quote that is never closed", "a closing quote"},
    {"illegal EOF in scalar", "a quote that is never closed", "a closing quote"},
});

// The tab that indents the line at `offset` or the one before it.
std::optional<std::size_t> find_tab(const Source& source, std::size_t offset) {
  const std::string_view body = source.body();
  const auto tab_in = [&](std::size_t line) -> std::optional<std::size_t> {
    const std::size_t text = std::min(body.find_first_not_of(" \t", line), body.size());
    const std::size_t tab = body.find('\t', line);
    return tab < text ? std::optional(tab) : std::nullopt;
  };
  const std::size_t start = source.line_start(std::min(offset, body.size()));
  const std::optional<std::size_t> tab = tab_in(start);
  return tab || start == 0 ? tab : tab_in(source.line_start(start - 1));
}

void reword(Diagnostic& diagnostic, std::string_view theirs) {
  for (const Wording& wording : kWordings) {
    if (theirs.starts_with(wording.theirs)) {
      diagnostic.message = wording.message;
      diagnostic.expected = wording.expected;
    }
  }
}

void report_syntax(const Source& source, const YAML::Exception& error, const TreeBuilder& builder,
                   Report& report) {
  const std::size_t offset = error.mark.pos < 0 ? 0 : static_cast<std::size_t>(error.mark.pos);
  Diagnostic diagnostic{.at = source.position(offset), .key = builder.path()};
  if (const std::optional<std::size_t> tab = find_tab(source, offset)) {
    diagnostic.at = source.position(*tab);
    diagnostic.message = "a line that is indented by a tab";
    diagnostic.expected = "blanks: YAML does not allow tabs there";
    report.add(std::move(diagnostic));
    return;
  }
  diagnostic.message = "not YAML: " + printable(error.msg);
  reword(diagnostic, error.msg);
  if (error.msg.find("flow not found") != std::string::npos) {
    diagnostic.at = builder.innermost();  // where it was opened says more than the end of the text
  }
  report.add(std::move(diagnostic));
}

// Never Parser::Load or LoadAll: the one ignores what follows the first document, the other does
// not return for ",".
bool run_parser(const Source& source, TreeBuilder& builder, Report& report) {
  std::istringstream stream{std::string(source.body())};
  try {
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder)) {
      parser.HandleNextDocument(builder);  // the builder refuses a second document
    }
    return true;
  } catch (const YAML::DeepRecursion& error) {
    report.add({.at = source.position(static_cast<std::size_t>(std::max(error.mark.pos, 0))),
                .message = "too many levels of nesting",
                .expected = "sections as in `confluxctl config defaults`"});
  } catch (const YAML::Exception& error) {
    if (!builder.stopped()) {
      report_syntax(source, error, builder, report);
    }
  }
  return false;
}

bool check_root(const Node& root, Report& report) {
  if (root.kind == Node::Kind::kMap || root.kind == Node::Kind::kRefused) {
    return root.kind == Node::Kind::kMap;
  }
  Diagnostic diagnostic{.at = root.at, .message = "the text sets nothing"};
  diagnostic.expected = kMinimalFile;
  if (root.kind == Node::Kind::kList) {
    diagnostic.message = "a list";
    diagnostic.expected = "`key: value` lines, " + std::string(kMinimalFile);
  } else if (root.kind == Node::Kind::kScalar) {
    const bool colon = root.plain && root.value.find(':') != std::string::npos;
    diagnostic.message = colon ? "a ':' without a blank behind it" : "text without a key";
    diagnostic.expected = "`key: value` lines, " + std::string(kMinimalFile);
  }
  report.add(std::move(diagnostic));
  return false;
}

}  // namespace

std::optional<Node> build_tree(const Source& source, Report& report) {
  TreeBuilder builder(source, report);
  if (!run_parser(source, builder, report)) {
    return std::nullopt;
  }
  std::optional<Node> root = builder.take_root();
  if (!check_root(root.value_or(Node{.at = kWholeText}), report)) {
    return std::nullopt;
  }
  return root;
}

}  // namespace conflux::config
