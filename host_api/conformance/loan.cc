#include "host_api/conformance/loan.h"

#include <algorithm>
#include <array>

#include "host_api/conformance/allocations.h"

namespace mpath::kit {
namespace {

constinit thread_local const char* the_call = nullptr;

// Positive statuses by function; those that are not here have none. ABI.md, section 2.
bool may_answer(std::string_view call, mpath_status status) noexcept {
  if (status <= 0) return true;
  if (call == "route" || call == "can_read") return status == MPATH_BLOCKED;
  if (call == "receive") return status >= MPATH_HELD && status <= MPATH_PASS;
  return call == "padding_event" && status == MPATH_IGNORED;
}

bool writes_nothing(mpath_status status) noexcept {
  return status == MPATH_E_ARGUMENT || status == MPATH_E_SIZE || status == MPATH_E_STALE;
}

}  // namespace

const char* current_call() noexcept { return the_call; }

const std::byte* Loan::bytes_in(const void* data, std::size_t size) {
  if (data == nullptr) return nullptr;
  const auto* from = static_cast<const std::byte*>(data);
  return lend_in({from, from + size}, size);
}

const std::byte* Loan::lend_in(const std::vector<std::byte>& bytes, std::size_t size) {
  const std::size_t length = std::max(size, bytes.size());
  std::byte* data = driver_.memory_.lend(length);
  if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
  pieces_.push_back({.data = data, .size = length});
  driver_.memory_.protect(data, length);
  return data;
}

std::byte* Loan::lend_out(const std::vector<std::byte>& bytes, void* back, const Layout& layout) {
  std::byte* data = driver_.memory_.lend(bytes.size());
  if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
  pieces_.push_back({.data = data,
                     .size = bytes.size(),
                     .back = static_cast<std::byte*>(back),
                     .layout = layout,
                     .before = bytes});
  return data;
}

const mpath_leg_views* Loan::views(const Views& views) {
  const std::uint32_t stride = stride_of<mpath_leg_view>();
  const mpath_leg_view* items = array_in(views.items, stride);
  return plain_in(mpath_leg_views{items, static_cast<std::uint32_t>(views.items.size()), stride,
                                  views.backlog, views.reserved});
}

mpath_path Loan::path(const mpath_path& path) {
  if (path.hops == nullptr) return path;
  const std::uint32_t stride = stride_of<mpath_hop>();
  const std::vector<mpath_hop> hops(path.hops, path.hops + path.count);
  mpath_path lent = path;
  lent.hops = array_in(hops, stride);
  lent.stride = stride;
  return lent;
}

mpath_leg_params Loan::leg_params(const mpath_leg_params& params) {
  mpath_leg_params lent = params;
  lent.struct_size = size_of<mpath_leg_params>();
  lent.path = path(params.path);
  return lent;
}

mpath_status Loan::run(const std::function<mpath_status()>& call) {
  the_call = call_;
  mpath_status status = MPATH_OK;
  bool threw = false;
  {
    const PluginRuns runs;
    try {
      status = call();
      if (status == MPATH_E_NO_MEMORY && driver_.retries_no_memory) status = call();
    } catch (...) {
      threw = true;
    }
  }
  driver_.check.expect(!threw, "MPATH-P-29", "{} let an exception out", call_);
  judge(status);
  take_back();
  return status;
}

void Loan::judge(mpath_status status) const {
  driver_.check.expect(may_answer(call_, status), "MPATH-P-12",
                       "{} answered {}, which is no answer of its own", call_, status);
  driver_.check.expect(status != MPATH_E_POISONED, "MPATH-P-29",
                       "{} found a bug in the plugin and poisoned the tunnel", call_);
  for (const Piece& piece : pieces_) judge_piece(piece, status);
  for (const Piece& piece : pieces_) {
    if (piece.back == nullptr) continue;
    const Layout& layout = piece.layout;
    for (std::size_t i = 0; i < layout.count; ++i) {
      std::memcpy(piece.back + i * layout.known, piece.data + i * layout.stride,
                  std::min(layout.known, layout.stride));
    }
  }
}

void Loan::judge_piece(const Piece& piece, mpath_status status) const {
  Context& check = driver_.check;
  check.expect(LentMemory::is_intact(piece.data, piece.size), "MPATH-P-5",
               "{} wrote in front of or behind what it was given", call_);
  if (piece.back == nullptr) return;
  const Layout& layout = piece.layout;
  for (std::size_t i = 0; i < layout.count; ++i) {
    const std::byte* element = piece.data + i * layout.stride;
    const bool whole =
        std::all_of(element + std::min(layout.known, layout.stride), element + layout.stride,
                    [](std::byte byte) { return byte == kTail; });
    check.expect(whole, "MPATH-P-5",
                 "{} wrote past byte {} of an element of {} bytes, which version 1.0 does not know",
                 call_, layout.known, layout.stride);
  }
  if (layout.is_sized && layout.stride >= sizeof(std::uint32_t)) {
    check.expect(std::equal(piece.data, piece.data + sizeof(std::uint32_t), piece.before.begin()),
                 "MPATH-P-5", "{} changed the struct_size that the host had set", call_);
  }
  if (writes_nothing(status)) {
    check.expect(std::equal(piece.before.begin(), piece.before.end(), piece.data), "MPATH-P-11",
                 "{} answered {} and wrote to an out parameter all the same", call_, status);
  }
}

void Loan::take_back() noexcept {
  for (const Piece& piece : pieces_) driver_.memory_.take_back(piece.data, piece.size);
  pieces_.clear();
}

}  // namespace mpath::kit
