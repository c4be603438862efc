// Arrays of hosts of other ages: elements that lie closer together than version 1.0 of them are
// refused before anything is read or written; elements that lie further apart are fine, and what
// lies between them is left alone.
#include <gtest/gtest.h>
#include <mpath/plugin.h>

#include <cstring>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "test/host_api/heap_block.h"
#include "test/host_api/live_tunnel.h"

namespace conflux::test {
namespace {

constexpr std::uint32_t kSpread = 64;  // bytes that a newer element has more

// A call that gets an array of `count` elements, `stride` bytes apart, at `items`.
struct StridedCase {
  std::string name;
  std::uint32_t size;                 // of an element in version 1.0
  std::uint32_t count;                // elements
  std::vector<std::uint8_t> content;  // count * size bytes that go in; empty: an out array
  std::function<mpath_status(LiveTunnel&, void* items, std::uint32_t stride)> call;
  bool linked = true;
};

std::ostream& operator<<(std::ostream& out, const StridedCase& c) { return out << c.name; }

template <typename T>
std::vector<std::uint8_t> bytes_of(const std::vector<T>& items) {
  std::vector<std::uint8_t> bytes(items.size() * sizeof(T));
  std::memcpy(bytes.data(), items.data(), bytes.size());
  return bytes;
}

using ViewsCall = std::function<mpath_status(LiveTunnel&, const mpath_leg_views*)>;

// The views of a tunnel depend on its leg ids, which are the same in every fresh LiveTunnel.
StridedCase views_case(std::string name, ViewsCall call) {
  const LiveTunnel live;
  const mpath_leg_views all = live.views();
  return {std::move(name), sizeof(mpath_leg_view), all.count,
          bytes_of(std::vector<mpath_leg_view>(all.items, all.items + all.count)),
          [call](LiveTunnel& l, void* items, std::uint32_t stride) {
            const mpath_leg_views given{static_cast<mpath_leg_view*>(items), 2, stride, 5, 0};
            return call(l, &given);
          }};
}

std::vector<StridedCase> views_cases() {
  return {
      views_case("views_of_route",
                 [](LiveTunnel& l, const mpath_leg_views* views) {
                   const mpath_route_request request = l.data_request();
                   mpath_grant out{};
                   out.struct_size = sizeof out;
                   return l.table.route(l.instance, l.tunnel, &request, views, l.now_us, &out);
                 }),
      views_case("views_of_can_read",
                 [](LiveTunnel& l, const mpath_leg_views* views) {
                   std::uint32_t reason = 0;
                   return l.table.can_read(l.instance, l.tunnel, views, l.now_us, &reason, nullptr);
                 }),
      views_case("views_of_poll",
                 [](LiveTunnel& l, const mpath_leg_views* views) {
                   std::vector<mpath_event> items(MPATH_EVENTS_MAX);
                   mpath_events out{items.data(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 0, 0};
                   return l.table.poll(l.instance, l.tunnel, views, l.now_us, &out);
                 }),
      views_case("views_of_activity",
                 [](LiveTunnel& l, const mpath_leg_views* views) {
                   mpath_activity out{};
                   out.struct_size = sizeof out;
                   return l.table.tunnel_activity(l.instance, l.tunnel, views, &out);
                 }),
      views_case("views_of_leg_remove",
                 [](LiveTunnel& l, const mpath_leg_views* views) {
                   return l.table.leg_remove(l.instance, l.tunnel, l.legs[1],
                                             MPATH_REASON_CIRCUIT_DESTROYED, views, l.now_us);
                 }),
  };
}

std::vector<StridedCase> in_cases() {
  std::vector<StridedCase> cases = views_cases();
  const std::vector<mpath_hop> hops = {
      {1, MPATH_HOP_RELAY, 0}, {2, MPATH_HOP_RELAY, 0}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}};
  cases.push_back({"hops_of_set_path", sizeof(mpath_hop), 3, bytes_of(hops),
                   [](LiveTunnel& l, void* items, std::uint32_t stride) {
                     const mpath_path path{static_cast<mpath_hop*>(items), 3, stride, 124, 31};
                     return l.table.leg_set_path(l.instance, l.tunnel, l.legs[0], &path);
                   },
                   false});
  const LiveTunnel live(false);
  cases.push_back({"legs_of_legs_add", sizeof(mpath_leg_params), 2,
                   bytes_of(std::vector{live.leg_params(1), live.leg_params(1)}),
                   [](LiveTunnel& l, void* items, std::uint32_t stride) {
                     const mpath_leg_views all = l.views();
                     mpath_leg_id out[2] = {};
                     return l.table.legs_add(l.instance, l.tunnel,
                                             static_cast<mpath_leg_params*>(items), 2, stride, &all,
                                             out);
                   },
                   false});
  return cases;
}

// Two tokens that wait to be drained.
void hold_and_free_two(LiveTunnel& live) {
  EXPECT_EQ(live.receive_switch(1), MPATH_CONSUMED);
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  for (const std::uint64_t token : {1U, 2U, 3U}) {
    mpath_cell cell = live.data_cell(token);
    if (token < 3) cell.leg = live.legs[1];
    EXPECT_EQ(live.table.receive(live.instance, live.tunnel, &cell, live.now_us, &receipt),
              token < 3 ? MPATH_HELD : MPATH_OK);
  }
}

std::vector<StridedCase> out_cases() {
  return {
      {"tokens_of_drain",
       sizeof(mpath_token),
       2,
       {},
       [](LiveTunnel& l, void* items, std::uint32_t stride) {
         if (l.info().held_cells == 0) hold_and_free_two(l);
         mpath_tokens out{static_cast<mpath_token*>(items), 2, stride, 0, 0};
         const mpath_status status = l.table.drain(l.instance, l.tunnel, &out);
         EXPECT_EQ(out.count, status == MPATH_OK ? 2U : 0U);
         return status;
       }},
      {"events_of_poll",
       sizeof(mpath_event),
       MPATH_EVENTS_MAX,
       {},
       [](LiveTunnel& l, void* items, std::uint32_t stride) {
         const mpath_leg_views all = l.views();
         (void)l.table.tunnel_close(l.instance, l.tunnel, l.now_us);
         mpath_events out{static_cast<mpath_event*>(items), MPATH_EVENTS_MAX, stride, 0, 0, 0};
         const mpath_status status = l.table.poll(l.instance, l.tunnel, &all, l.now_us, &out);
         EXPECT_EQ(out.count > 2, status == MPATH_OK);
         return status;
       }},
      {"records_of_drain_log",
       sizeof(mpath_log_record),
       2,
       {},
       [](LiveTunnel& l, void* items, std::uint32_t stride) {
         mpath_log_records out{static_cast<mpath_log_record*>(items), 2, stride, 0, 0, 0};
         const mpath_status status = l.table.instance_drain_log(l.instance, &out);
         EXPECT_EQ(out.count, status == MPATH_OK ? 2U : 0U);
         return status;
       }},
      {"legs_of_snapshot",
       sizeof(mpath_leg_summary),
       2,
       {},
       [](LiveTunnel& l, void* items, std::uint32_t stride) {
         mpath_leg_summaries out{static_cast<mpath_leg_summary*>(items), 2, stride, 0, 0};
         const mpath_status status = l.table.tunnel_snapshot(l.instance, l.tunnel, &out);
         EXPECT_EQ(out.count, status == MPATH_OK ? 2U : 0U);
         return status;
       }},
  };
}

std::vector<StridedCase> all_strided_cases() {
  std::vector<StridedCase> all = in_cases();
  for (StridedCase& one : out_cases()) all.push_back(std::move(one));
  return all;
}

class Stride : public ::testing::TestWithParam<StridedCase> {
 protected:
  // Lays the elements out `stride` bytes apart, the last one without anything behind it.
  static HeapBlock lay_out(std::uint32_t stride) {
    const StridedCase& c = GetParam();
    HeapBlock block(std::max<std::size_t>(std::size_t{c.count} * stride, 1));
    if (c.content.empty()) return block;
    for (std::size_t i = 0; i < c.count; ++i) {
      std::memcpy(block.data() + i * stride, c.content.data() + i * c.size,
                  std::min(stride, c.size));
    }
    return block;
  }
};

TEST_P(Stride, SmallerThanVersionOneIsRefusedAndNothingIsWritten) {
  const StridedCase& c = GetParam();
  LiveTunnel live(c.linked);
  for (std::uint32_t stride = 0; stride < c.size; ++stride) {
    HeapBlock block = lay_out(stride);
    ASSERT_EQ(c.call(live, block.data(), stride), MPATH_E_SIZE) << stride << " bytes";
    if (c.content.empty()) {
      EXPECT_TRUE(block.untouched()) << stride << " bytes";
    }
  }
}

TEST_P(Stride, LargerThanVersionOneIsAcceptedAndTheGapsAreLeftAlone) {
  const StridedCase& c = GetParam();
  for (const std::uint32_t more : {0U, 8U, kSpread}) {
    LiveTunnel live(c.linked);
    const std::uint32_t stride = c.size + more;
    HeapBlock block = lay_out(stride);
    EXPECT_EQ(c.call(live, block.data(), stride), MPATH_OK) << more << " bytes more";
    for (std::size_t i = 0; i < c.count; ++i) {
      EXPECT_TRUE(block.untouched(i * stride + c.size, (i + 1) * stride)) << "element " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Abi, Stride, ::testing::ValuesIn(all_strided_cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace conflux::test
