#include "test/plugin/decisions/decisions_page.h"

#include <array>
#include <string_view>

#include "plugin/core/cell_rules.h"

namespace conflux::test {
namespace {

constexpr std::array<std::string_view, kCellKinds> kKindNames = {
    "any other",  "BEGIN, DATA, END, CONNECTED, RESOLVE(D), XON, XOFF",
    "LINK",       "LINKED",
    "LINKED_ACK", "SWITCH"};
constexpr std::array<std::string_view, kClientColumns> kClientColumnNames = {
    "plain",      "unlinked", "LINK queued", "awaiting LINKED",
    "ACK queued", "linked",   "timed out",   "another hop"};
constexpr std::array<std::string_view, kExitColumns> kExitColumnNames = {
    "plain", "awaiting LINKED_ACK", "linked", "another hop"};

constexpr std::string_view kIntroduction = R"(# Which cell may arrive when

Printed from `cell_rules.h`; a test holds this page against it (`print_decisions > plugin/core/DECISIONS.md`).
Rows are commands of relay cells that arrive; all 256 are in one of the six rows. Columns say where
the leg stands; *another hop*: the leg is one of several, and the cell came from a relay that is not
the join point. On a *plain* circuit it does not matter which hop a cell comes from.

*pass*: the host handles it at once. *count*: it gets the next number of its leg and is delivered or
held. *handle*: its content is judged next (nonce, state of the handshake, plausibility). *ignore*:
the peer could not know better. *close*: the tunnel closes, for the reason that is named
(`mpath/reasons.h`).
)";

constexpr std::string_view kExitIntroduction = R"(
## Exit

Version 1.0 of the plugin makes no exit tunnels: this half is what the exit role will go by. The
model exit of `test/sim`, which knows nothing of this table, asks the same of our client.
)";

std::string name_of(Reason reason) {
  switch (reason) {
#define CONFLUX_NAME(name, number, text) \
  case Reason::name:                     \
    return #name;
    MPATH_REASON_LIST(CONFLUX_NAME)
#undef CONFLUX_NAME
  }
  return {};
}

std::string words_of(const CellRule& rule) {
  switch (rule.action) {
    case CellAction::kPass:
      return "pass";
    case CellAction::kCount:
      return "count";
    case CellAction::kHandle:
      return "**handle**";
    case CellAction::kIgnore:
      return "ignore";
    case CellAction::kCloseLeg:
      return "close circuit, `" + name_of(rule.reason) + "`";
    case CellAction::kCloseTunnel:
      break;
  }
  return "close, `" + name_of(rule.reason) + "`";
}

template <std::size_t kColumns>
std::string table(const std::array<std::string_view, kColumns>& columns,
                  const std::array<std::array<CellRule, kColumns>, kCellKinds>& rules) {
  std::string out = "\n| command |";
  for (const std::string_view column : columns) out.append(" ").append(column).append(" |");
  out += "\n|---|";
  for (std::size_t i = 0; i < kColumns; ++i) out += "---|";
  out += "\n";
  for (std::size_t kind = 0; kind < kCellKinds; ++kind) {
    out.append("| ").append(kKindNames[kind]).append(" |");
    for (const CellRule& rule : rules[kind]) out.append(" ").append(words_of(rule)).append(" |");
    out += "\n";
  }
  return out;
}

}  // namespace

std::string decisions_page() {
  return std::string(kIntroduction) + "\n## Client\n" +
         table(kClientColumnNames, detail::kClientRules) + std::string(kExitIntroduction) +
         table(kExitColumnNames, detail::kExitRules);
}

}  // namespace conflux::test
