#include "plugin/sidecar/ctl/top/view.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "plugin/sidecar/ctl/format.h"

namespace conflux::top {
namespace {

constexpr std::array<std::string_view, kSortKeys> kNames = {"goodput", "rtt", "reorder", "switches",
                                                            "ratio",   "age", "tunnel"};
constexpr std::size_t kFilterMax = 64;

// What a row is sorted by, the largest first.
double weight_of(const TunnelRow& row, SortKey key) {
  switch (key) {
    case SortKey::kGoodput:
      return row.goodput.both();
    case SortKey::kRtt:
      return row.rtt_ms;
    case SortKey::kReorder:
      return static_cast<double>(row.reorder_bytes);
    case SortKey::kSwitches:
      return row.switches_per_minute;
    case SortKey::kRatio:
      return row.ratio.value;
    case SortKey::kAge:
      return static_cast<double>(row.age);
    case SortKey::kTunnel:
      break;
  }
  return 0;
}

// What decides between equals: all that was, where nothing is now.
double second_weight_of(const TunnelRow& row, SortKey key) {
  if (key == SortKey::kGoodput) return row.cells.both();
  return key == SortKey::kSwitches ? row.switches.both() : 0;
}

bool passes(const TunnelRow& row, const std::string& filter) {
  return filter.empty() || ctl::tunnel_name(row.display_id).find(filter) != std::string::npos ||
         row.instance.find(filter) != std::string::npos ||
         ctl::word_for(row.state).find(filter) != std::string_view::npos;
}

void select(View& view, const std::vector<const TunnelRow*>& rows, std::size_t at) {
  view.has_selection = !rows.empty();
  if (rows.empty()) return;
  view.selected_row = std::min(at, rows.size() - 1);
  view.selected_instance = rows[view.selected_row]->instance;
  view.selected_id = rows[view.selected_row]->display_id;
}

void move_selection(View& view, const Model& model, std::ptrdiff_t by) {
  const auto rows = rows_of(model, view);
  const auto last = static_cast<std::ptrdiff_t>(rows.size()) - 1;
  const auto at = static_cast<std::ptrdiff_t>(view.selected_row) + by;
  select(view, rows,
         static_cast<std::size_t>(
             std::clamp(at, std::ptrdiff_t{0}, std::max(last, std::ptrdiff_t{0}))));
}

void type_filter(View& view, const Key& key) {
  switch (key.kind) {
    case Key::Kind::kEnter:
      view.typing_filter = false;
      break;
    case Key::Kind::kEscape:
      view.typing_filter = false;
      view.filter.clear();
      break;
    case Key::Kind::kBackspace:
      if (!view.filter.empty()) view.filter.pop_back();
      break;
    case Key::Kind::kText:
      if (view.filter.size() < kFilterMax) view.filter += key.text;
      break;
    case Key::Kind::kUp:
    case Key::Kind::kDown:
    case Key::Kind::kPageUp:
    case Key::Kind::kPageDown:
    case Key::Kind::kHome:
    case Key::Kind::kEnd:
    case Key::Kind::kOther:
      break;
  }
}

void next_sort(View& view, std::size_t steps) {
  view.sort = static_cast<SortKey>((static_cast<std::size_t>(view.sort) + steps) % kSortKeys);
}

void handle_text(View& view, const Model& model, char text) {
  constexpr std::ptrdiff_t kAll = 1 << 20;
  switch (text) {
    case 's':
      return next_sort(view, 1);
    case 'S':
      return next_sort(view, kSortKeys - 1);
    case 'r':
      view.reversed = !view.reversed;
      return;
    case '/':
      view.typing_filter = true;
      return;
    case 'p':
    case ' ':
      view.paused = !view.paused;
      return;
    case 'h':
    case '?':
      view.help = !view.help;
      return;
    case 'd':
      view.details = !view.details;
      return;
    case 'j':
      return move_selection(view, model, 1);
    case 'k':
      return move_selection(view, model, -1);
    case 'g':
      return move_selection(view, model, -kAll);
    case 'G':
      return move_selection(view, model, kAll);
    default:
      return;
  }
}

}  // namespace

std::string_view name_of(SortKey key) noexcept { return kNames[static_cast<std::size_t>(key)]; }

std::optional<SortKey> sort_key_named(std::string_view name) noexcept {
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<SortKey>(at - kNames.begin());
}

void sort_rows(std::vector<const TunnelRow*>& rows, SortKey key, bool reversed) {
  std::sort(rows.begin(), rows.end(), [=](const TunnelRow* a, const TunnelRow* b) {
    const double weight_a = weight_of(*a, key);
    const double weight_b = weight_of(*b, key);
    if (weight_a != weight_b) return (weight_a > weight_b) != reversed;
    const double second_a = second_weight_of(*a, key);
    const double second_b = second_weight_of(*b, key);
    if (second_a != second_b) return (second_a > second_b) != reversed;
    const bool before = std::tie(a->instance, a->display_id) < std::tie(b->instance, b->display_id);
    const bool after = std::tie(b->instance, b->display_id) < std::tie(a->instance, a->display_id);
    return key == SortKey::kTunnel && reversed ? after : before;
  });
}

std::vector<const TunnelRow*> rows_of(const Model& model, const View& view) {
  std::vector<const TunnelRow*> rows;
  for (const TunnelRow& row : model.tunnels) {
    if (passes(row, view.filter)) rows.push_back(&row);
  }
  sort_rows(rows, view.sort, view.reversed);
  return rows;
}

void keep_selection(View& view, const Model& model) {
  const auto rows = rows_of(model, view);
  const auto same = std::find_if(rows.begin(), rows.end(), [&view](const TunnelRow* row) {
    return view.has_selection && row->display_id == view.selected_id &&
           row->instance == view.selected_instance;
  });
  select(view, rows,
         same == rows.end() ? view.selected_row : static_cast<std::size_t>(same - rows.begin()));
}

Action handle_key(View& view, const Model& model, const Key& key, int page) {
  if (view.typing_filter) {
    type_filter(view, key);
    keep_selection(view, model);
    return Action::kNone;
  }
  if (key.kind == Key::Kind::kText && key.text == 'q') {
    if (!view.help) return Action::kQuit;
    view.help = false;
    return Action::kNone;
  }
  switch (key.kind) {
    case Key::Kind::kText:
      handle_text(view, model, key.text);
      break;
    case Key::Kind::kUp:
      move_selection(view, model, -1);
      break;
    case Key::Kind::kDown:
      move_selection(view, model, 1);
      break;
    case Key::Kind::kPageUp:
      move_selection(view, model, -page);
      break;
    case Key::Kind::kPageDown:
      move_selection(view, model, page);
      break;
    case Key::Kind::kHome:
      handle_text(view, model, 'g');
      break;
    case Key::Kind::kEnd:
      handle_text(view, model, 'G');
      break;
    case Key::Kind::kEnter:
      view.details = !view.details;
      break;
    case Key::Kind::kEscape:
      if (!view.help) view.filter.clear();
      view.help = false;
      break;
    case Key::Kind::kBackspace:
    case Key::Kind::kOther:
      break;
  }
  keep_selection(view, model);
  return Action::kNone;
}

}  // namespace conflux::top
