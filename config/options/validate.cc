#include "config/options/validate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "config/options/suggest.h"
#include "config/options/values.h"

namespace conflux::config {
namespace {

constexpr std::string_view kExtensionPrefix = "x-";

std::string join(std::string_view prefix, std::string_view key) {
  return prefix.empty() ? std::string(key) : std::string(prefix) + "." + std::string(key);
}

std::vector<std::string_view> keys_of(const Catalogue& catalogue) {
  std::vector<std::string_view> keys;
  for (const Option& option : catalogue.options) {
    keys.push_back(option.key);
  }
  for (const Section& section : catalogue.sections) {
    keys.push_back(section.key);
  }
  return keys;
}

std::vector<std::string_view> leaves_in(const Catalogue& catalogue, std::string_view section) {
  std::vector<std::string_view> leaves;
  for (const std::string_view key : keys_of(catalogue)) {
    if (parent(key) == section) {
      leaves.push_back(leaf(key));
    }
  }
  return leaves;
}

std::string list_of(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) {
    out += (out.empty() ? "" : ", ") + std::string(word);
  }
  return out;
}

// The known key that ends as `word` reads: "count", "legs_count" and "legs.count" all mean
// conflux.legs.count. For keys that are right but stand in the wrong section.
std::string_view find_elsewhere(const Catalogue& catalogue, std::string word) {
  std::replace(word.begin(), word.end(), '.', '_');
  for (const std::string_view key : keys_of(catalogue)) {
    std::string flat(key);
    std::replace(flat.begin(), flat.end(), '.', '_');
    const bool whole = flat.size() == word.size();
    const bool tail = flat.size() > word.size() && key[key.size() - word.size() - 1] == '.';
    if ((whole || tail) && edit_distance(flat.substr(flat.size() - word.size()), word) == 0) {
      return key;
    }
  }
  return {};
}

std::string suggest_key(const Catalogue& catalogue, std::string_view section,
                        const std::string& word) {
  const std::string_view near = nearest(word, leaves_in(catalogue, section));
  return near.empty() ? std::string(find_elsewhere(catalogue, word)) : join(section, near);
}

class Walk {
 public:
  Walk(const Catalogue& catalogue, Validated& out, Report& report)
      : catalogue_(catalogue), out_(out), report_(report) {}

  // Depth is bounded by the tree's.
  void walk(const Node& map, std::string_view section) {
    for (const Node& child : map.children) {
      if (!child.key.starts_with(kExtensionPrefix)) {
        visit(child, section);
      }
    }
  }

 private:
  void visit(const Node& child, std::string_view section) {
    const std::string key = join(section, child.key);
    if (child.key.find('.') != std::string::npos) {
      unknown(child, section);
    } else if (const Option* option = catalogue_.find_option(key)) {
      read(*option, child);
    } else if (const Section* inner = catalogue_.find_section(key)) {
      enter(*inner, child);
    } else {
      unknown(child, section);
    }
  }

  void read(const Option& option, const Node& child) {
    const bool valid = read_value(option, child, out_.settings, report_);
    out_.origins.push_back({&option, child.at, valid});
    if (!option.deprecation.removed_in.empty()) {
      report_.add({.severity = Severity::kWarning,
                   .at = child.key_at,
                   .key = std::string(option.key),
                   .message = "deprecated, will be removed in " +
                              std::string(option.deprecation.removed_in),
                   .expected = std::string(option.deprecation.use)});
    }
  }

  void enter(const Section& section, const Node& child) {
    const bool empty = child.kind == Node::Kind::kNull ||
                       (child.kind == Node::Kind::kMap && child.children.empty());
    if (empty || child.kind == Node::Kind::kRefused) {
      return;
    }
    if (child.kind == Node::Kind::kMap) {
      walk(child, section.key);
    } else {
      report_.add(
          {.at = child.at,
           .key = std::string(section.key),
           .message = child.kind == Node::Kind::kList ? "a list" : in_quotes(child.value),
           .expected = "a section with the keys " + list_of(leaves_in(catalogue_, section.key))});
    }
  }

  void unknown(const Node& child, std::string_view section) {
    Diagnostic diagnostic{.at = child.key_at,
                          .key = join(section, printable(child.key)),
                          .message = "unknown key",
                          .expected = "one of " + list_of(leaves_in(catalogue_, section)),
                          .suggestion = suggest_key(catalogue_, section, child.key)};
    if (child.kind == Node::Kind::kNull && child.key.find(':') != std::string::npos) {
      diagnostic.message = "a ':' without a blank behind it";
      diagnostic.expected = "`key: value`";
    } else if (diagnostic.suggestion == child.key) {
      diagnostic.message = "sections joined by dots";
      diagnostic.expected = "one section inside the other, as in `confluxctl config defaults`";
      diagnostic.suggestion.clear();
    }
    report_.add(std::move(diagnostic));
  }

  const Catalogue& catalogue_;
  Validated& out_;
  Report& report_;
};

// A file of another version may differ in everything else, so nothing else is said about it.
bool check_version(const Node& root, Report& report) {
  const auto found = std::find_if(root.children.begin(), root.children.end(),
                                  [](const Node& child) { return child.key == "version"; });
  if (found == root.children.end()) {
    report.add({.key = "version", .message = "missing", .expected = "the line `version: 1`"});
    return true;
  }
  const std::string_view digits = found->value;
  const bool number = found->kind == Node::Kind::kScalar && found->plain && !digits.empty() &&
                      digits.front() != '0' &&
                      digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!number || digits == "1") {
    return true;
  }
  report.add({.at = found->at,
              .key = "version",
              .message = "format version " + in_quotes(digits) + " is newer than this release",
              .expected = "1, or a release that reads it"});
  return false;
}

Profile profile_of(const Validated& validated) { return validated.settings.conflux.profile; }

}  // namespace

const Origin* Validated::find(std::string_view key) const {
  const auto found = std::find_if(origins.begin(), origins.end(),
                                  [&](const Origin& origin) { return origin.option->key == key; });
  return found == origins.end() ? nullptr : &*found;
}

Validated validate(const Node& root, const Catalogue& catalogue, Report& report) {
  Validated out;
  if (!check_version(root, report)) {
    return out;
  }
  Walk(catalogue, out, report).walk(root, {});
  for (const Option& option : catalogue.options) {
    if (out.find(option.key) == nullptr) {
      apply_default(option, profile_of(out), out.settings);
    }
  }
  return out;
}

}  // namespace conflux::config
