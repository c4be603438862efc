// The conventions of base.h, held against the real conflux.so: negotiation, null pointers, reserved
// fields, unknown flags, stale ids, extensions, words.
#include <gtest/gtest.h>
#include <mpath/plugin.h>

#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "test/host_api/live_tunnel.h"

namespace conflux::test {
namespace {

mpath_negotiation offer(std::uint32_t low, std::uint32_t high) {
  mpath_negotiation io{};
  io.struct_size = sizeof io;
  io.host_major_min = low;
  io.host_major_max = high;
  io.magic = MPATH_NEGOTIATION_MAGIC;
  return io;
}

TEST(Negotiation, PicksTheMajorThatBothSpeak) {
  for (const auto& [low, high] : {std::pair{1U, 1U}, {0U, 1U}, {1U, 9U}, {0U, UINT32_MAX}}) {
    mpath_negotiation io = offer(low, high);
    ASSERT_EQ(conflux_entry()(&io), MPATH_OK) << low << ".." << high;
    EXPECT_EQ(io.major, MPATH_ABI_MAJOR);
    EXPECT_EQ(io.minor, MPATH_ABI_MINOR);
    EXPECT_GE(io.table->struct_size, sizeof(mpath_plugin_table));
    EXPECT_STREQ(io.plugin_name, "conflux");
    EXPECT_NE(std::strlen(io.plugin_version), 0U);
  }
}

TEST(Negotiation, NamesItsOwnRangeWhenThereIsNoCommonMajor) {
  for (const auto& [low, high] : {std::pair{2U, 3U}, {0U, 0U}, {UINT32_MAX, UINT32_MAX}}) {
    mpath_negotiation io = offer(low, high);
    EXPECT_EQ(conflux_entry()(&io), MPATH_E_VERSION) << low << ".." << high;
    EXPECT_EQ(io.plugin_major_min, 1U);
    EXPECT_EQ(io.plugin_major_max, 1U);
    EXPECT_EQ(io.table, nullptr);
  }
}

TEST(Negotiation, RefusesWhatIsNotAnOffer) {
  EXPECT_EQ(conflux_entry()(nullptr), MPATH_E_ARGUMENT);
  mpath_negotiation upside_down = offer(2, 1);
  EXPECT_EQ(conflux_entry()(&upside_down), MPATH_E_ARGUMENT);
  mpath_negotiation wrong_magic = offer(1, 1);
  ++wrong_magic.magic;
  EXPECT_EQ(conflux_entry()(&wrong_magic), MPATH_E_ARGUMENT);
  mpath_negotiation reserved = offer(1, 1);
  reserved.reserved = 1;
  EXPECT_EQ(conflux_entry()(&reserved), MPATH_E_ARGUMENT);
}

TEST(Negotiation, GivesTheSameTableEachTime) { EXPECT_EQ(&conflux_table(), &conflux_table()); }

TEST(Table, HasEveryFunctionOfVersionOne) {
  const mpath_plugin_table& table = conflux_table();
  constexpr std::size_t kFirst = offsetof(mpath_plugin_table, status_text);
  constexpr std::size_t kEnd = MPATH_SIZE_UPTO(mpath_plugin_table, poll);
  for (std::size_t at = kFirst; at < kEnd; at += sizeof(void (*)())) {
    void (*slot)() = nullptr;
    std::memcpy(&slot, reinterpret_cast<const char*>(&table) + at, sizeof slot);
    EXPECT_NE(slot, nullptr) << "function " << (at - kFirst) / sizeof slot + 1;
  }
}

TEST(Table, ListsTheCommandsOfTheSpecification) {
  const mpath_plugin_table& table = conflux_table();
  const auto commands = [](const std::uint8_t(&bits)[32]) {
    std::set<unsigned> found;
    for (unsigned c = 0; c < 256; ++c) {
      if ((bits[c / 8] >> (c % 8) & 1U) != 0) found.insert(c);
    }
    return found;
  };
  // LINK, LINKED, LINKED_ACK, SWITCH.
  EXPECT_EQ(commands(table.signalling), (std::set<unsigned>{19, 20, 21, 22}));
  // BEGIN, DATA, END, CONNECTED, RESOLVE, RESOLVED, XOFF, XON. Spec: prop329 [SEQUENCING]
  EXPECT_EQ(commands(table.sequenced), (std::set<unsigned>{1, 2, 3, 4, 11, 12, 43, 44}));
}

TEST(Table, HasWordsForEveryNumberThatExistsAndForThoseThatDoNot) {
  const mpath_plugin_table& table = conflux_table();
#define CONFLUX_EXPECT_WORDS(name, number, words) EXPECT_STREQ(table.reason_text(number), words);
  MPATH_REASON_LIST(CONFLUX_EXPECT_WORDS)
#undef CONFLUX_EXPECT_WORDS
  for (const std::uint32_t odd : {19U, 999U, UINT32_MAX}) {
    EXPECT_NE(table.reason_text(odd), nullptr);
    EXPECT_NE(table.log_text(odd), nullptr);
  }
  for (const mpath_status odd : {6, -1, -999, INT32_MIN, INT32_MAX}) {
    EXPECT_NE(table.status_text(odd), nullptr);
  }
}

TEST(Table, KnowsNoExtensionThatItDoesNotHave) {
  const mpath_plugin_table& table = conflux_table();
  for (const char* id : {"", "mpath.none/1", "mpath.metrics/999", "\xff\xfe"}) {
    EXPECT_EQ(table.get_extension(id), nullptr) << id;
  }
  EXPECT_EQ(table.get_extension(nullptr), nullptr);
}

TEST(NullPointers, AreRefusedByEveryFunctionThatNeedsThem) {
  LiveTunnel l;
  const mpath_plugin_table& t = l.table;
  const mpath_leg_views all = l.views();
  const mpath_route_request request = l.data_request();
  const mpath_cell cell = l.data_cell(1);
  mpath_grant grant{};
  grant.struct_size = sizeof grant;
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  mpath_tunnel_id tunnel = 0;
  mpath_leg_id leg = 0;
  std::uint32_t number = 0;
  const mpath_leg_params params = l.leg_params(1);
  mpath_tunnel_info info{};
  info.struct_size = sizeof info;
  const std::vector<std::pair<const char*, mpath_status>> answers = {
      {"instance_open", t.instance_open(nullptr, nullptr, nullptr)},
      {"instance_reload", t.instance_reload(nullptr, nullptr, nullptr)},
      {"instance_tick", t.instance_tick(l.instance, 1, nullptr)},
      {"instance_info", t.instance_info(l.instance, nullptr)},
      {"instance_drain_log", t.instance_drain_log(l.instance, nullptr)},
      {"instance_shed", t.instance_shed(l.instance, 1, nullptr, 1, &number)},
      {"tunnel_create", t.tunnel_create(l.instance, nullptr, &tunnel, &leg)},
      {"tunnel_destroy", t.tunnel_destroy(nullptr, l.tunnel)},
      {"tunnel_close", t.tunnel_close(nullptr, l.tunnel, l.now_us)},
      {"tunnel_info", t.tunnel_info(l.instance, l.tunnel, nullptr)},
      {"tunnel_info, instance", t.tunnel_info(nullptr, l.tunnel, &info)},
      {"tunnel_detail", t.tunnel_detail(l.instance, l.tunnel, nullptr)},
      {"tunnel_snapshot", t.tunnel_snapshot(l.instance, l.tunnel, nullptr)},
      {"tunnel_activity", t.tunnel_activity(l.instance, l.tunnel, &all, nullptr)},
      {"leg_set_path", t.leg_set_path(l.instance, l.tunnel, l.legs[0], nullptr)},
      {"legs_add", t.legs_add(l.instance, l.tunnel, nullptr, 1, sizeof params, &all, &leg)},
      {"legs_add, views",
       t.legs_add(l.instance, l.tunnel, &params, 1, sizeof params, nullptr, &leg)},
      {"legs_add, out", t.legs_add(l.instance, l.tunnel, &params, 1, sizeof params, &all, nullptr)},
      {"link", t.link(nullptr, l.tunnel, l.now_us)},
      {"leg_remove",
       t.leg_remove(l.instance, l.tunnel, l.legs[0], MPATH_REASON_RETIRED, nullptr, l.now_us)},
      {"leg_take_single", t.leg_take_single(l.instance, l.tunnel, nullptr, l.now_us)},
      {"leg_single", t.leg_single(l.instance, l.tunnel, nullptr)},
      {"leg_info", t.leg_info(l.instance, l.tunnel, l.legs[0], nullptr)},
      {"leg_uses_stream_sendme",
       t.leg_uses_stream_sendme(l.instance, l.tunnel, l.legs[0], 0, nullptr)},
      {"padding_event", t.padding_event(nullptr, l.tunnel, l.legs[0], MPATH_PADDING_SEND, 1)},
      {"route, request", t.route(l.instance, l.tunnel, nullptr, &all, l.now_us, &grant)},
      {"route, views", t.route(l.instance, l.tunnel, &request, nullptr, l.now_us, &grant)},
      {"route, out", t.route(l.instance, l.tunnel, &request, &all, l.now_us, nullptr)},
      {"can_read, views", t.can_read(l.instance, l.tunnel, nullptr, l.now_us, &number, &leg)},
      {"can_read, reason", t.can_read(l.instance, l.tunnel, &all, l.now_us, nullptr, &leg)},
      {"receive, cell", t.receive(l.instance, l.tunnel, nullptr, l.now_us, &receipt)},
      {"receive, out", t.receive(l.instance, l.tunnel, &cell, l.now_us, nullptr)},
      {"drain", t.drain(l.instance, l.tunnel, nullptr)},
      {"poll", t.poll(l.instance, l.tunnel, &all, l.now_us, nullptr)},
  };
  for (const auto& [call, status] : answers) EXPECT_EQ(status, MPATH_E_ARGUMENT) << call;
  EXPECT_EQ(t.instance_close(nullptr), MPATH_OK);
}

// Each makes one field of a valid call wrong.
TEST(ReservedFields, MustBeZero) {
  LiveTunnel l;
  const auto route = [&](const std::function<void(mpath_route_request&, mpath_leg_views&)>& spoil) {
    mpath_route_request request = l.data_request();
    mpath_leg_views all = l.views();
    mpath_grant out{};
    out.struct_size = sizeof out;
    spoil(request, all);
    return l.table.route(l.instance, l.tunnel, &request, &all, l.now_us, &out);
  };
  const auto receive = [&](const std::function<void(mpath_cell&)>& spoil) {
    mpath_cell cell = l.data_cell(0);
    mpath_receipt receipt{};
    receipt.struct_size = sizeof receipt;
    spoil(cell);
    return l.table.receive(l.instance, l.tunnel, &cell, l.now_us, &receipt);
  };
  // The first cells are decided in full; those that follow go the short way, which must not be
  // taken in either.
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(round);
    for (const std::uint32_t value : {1U, UINT32_MAX}) {
      EXPECT_EQ(route([&](auto& request, auto&) { request.reserved = value & 0xFFFFU; }),
                MPATH_E_ARGUMENT);
      for (const std::uint32_t want : {0U, 1U, UINT32_MAX}) {
        EXPECT_EQ(route([&](auto& request, auto&) {
                    request.want = want;
                    request.reserved2 = value;
                  }),
                  MPATH_E_ARGUMENT);
      }
      EXPECT_EQ(route([&](auto&, auto& views) { views.reserved = value; }), MPATH_E_ARGUMENT);
      EXPECT_EQ(route([&](auto&, auto& views) {
                  const_cast<mpath_leg_view*>(views.items)->reserved = value;
                }),
                MPATH_E_ARGUMENT);
      for (const std::uint32_t cost : {0U, 1U, UINT32_MAX}) {
        EXPECT_EQ(receive([&](auto& cell) {
                    cell.cost = cost;
                    cell.reserved = value;
                  }),
                  MPATH_E_ARGUMENT);
      }
    }
    EXPECT_EQ(route([](auto& request, auto&) { request.want = 0; }), MPATH_E_ARGUMENT);
    EXPECT_EQ(route([](auto&, auto& views) { views.items = nullptr; }), MPATH_E_ARGUMENT);
    EXPECT_EQ(receive([](auto& cell) { cell.cost = 0; }), MPATH_E_ARGUMENT);
    EXPECT_EQ(route([](auto&, auto&) {}), MPATH_OK);
    EXPECT_EQ(receive([](auto&) {}), MPATH_OK);
  }

  std::vector<mpath_event> items(MPATH_EVENTS_MAX);
  mpath_events events{items.data(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 1, 0};
  const mpath_leg_views all = l.views();
  EXPECT_EQ(l.table.poll(l.instance, l.tunnel, &all, l.now_us, &events), MPATH_E_ARGUMENT);
}

// In each state, as each has its own short way or none.
TEST(Receive, RefusesACellFromAHopThatNoLegHas) {
  const auto expect_refused = [](LiveTunnel& l) {
    for (unsigned command = 0; command <= 0xFF; ++command) {
      for (const unsigned hop : {MPATH_HOPS_MAX, MPATH_HOP_NONE}) {
        mpath_cell cell = l.data_cell(0);
        cell.command = static_cast<std::uint8_t>(command);
        cell.hop = static_cast<std::uint8_t>(hop);
        mpath_receipt receipt{};
        receipt.struct_size = sizeof receipt;
        ASSERT_EQ(l.table.receive(l.instance, l.tunnel, &cell, l.now_us, &receipt),
                  MPATH_E_ARGUMENT)
            << "command " << command << " from hop " << hop;
      }
    }
    l.poll();
  };
  LiveTunnel single(false);
  expect_refused(single);
  LiveTunnel linked;
  expect_refused(linked);
  const mpath_leg_views all = linked.views();
  const mpath_leg_params third = linked.leg_params(1);
  mpath_leg_id added = 0;
  ASSERT_EQ(
      linked.table.legs_add(linked.instance, linked.tunnel, &third, 1, sizeof third, &all, &added),
      MPATH_OK);
  const std::uint64_t before = linked.info().cells_received;
  mpath_cell early = linked.data_cell(0);
  early.command = MPATH_HOP_NONE;
  early.hop = MPATH_HOP_NONE;
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  EXPECT_EQ(linked.table.receive(linked.instance, linked.tunnel, &early, linked.now_us, &receipt),
            MPATH_E_ARGUMENT);
  EXPECT_EQ(linked.info().cells_received, before);
  ASSERT_EQ(linked.table.tunnel_close(linked.instance, linked.tunnel, linked.now_us), MPATH_OK);
  expect_refused(linked);
}

TEST(Receive, TakesAnyCostButNoneAndAnySizeThatIsLargeEnough) {
  LiveTunnel l;
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  for (const std::uint32_t large : {1U << 31U, (1U << 31U) + 1, UINT32_MAX}) {
    mpath_cell cell = l.data_cell(0);
    cell.cost = large;
    EXPECT_EQ(l.table.receive(l.instance, l.tunnel, &cell, l.now_us, &receipt), MPATH_OK) << large;
    cell.struct_size = large;
    EXPECT_EQ(l.table.receive(l.instance, l.tunnel, &cell, l.now_us, &receipt), MPATH_OK) << large;
  }
}

TEST(Flags, UnknownOnesOfAViewAreIgnoredAndThoseOfALegAreRefused) {
  LiveTunnel l(false);
  mpath_leg_views all = l.views();
  const_cast<mpath_leg_view*>(all.items)->flags = 0x80000000U;
  mpath_leg_params params = l.leg_params(1);
  mpath_leg_id out = 0;
  const auto add = [&] {
    return l.table.legs_add(l.instance, l.tunnel, &params, 1, sizeof params, &all, &out);
  };
  params.flags = 0x80000000U;
  EXPECT_EQ(add(), MPATH_E_ARGUMENT);
  params.flags = 0;
  EXPECT_EQ(add(), MPATH_OK);
}

TEST(StaleIds, AreAStatusInEveryFunction) {
  LiveTunnel l;
  const mpath_plugin_table& t = l.table;
  const mpath_leg_views all = l.views();
  for (const mpath_tunnel_id id : {mpath_tunnel_id{0}, l.tunnel + 1, ~mpath_tunnel_id{0},
                                   l.tunnel ^ (mpath_tunnel_id{1} << 32)}) {
    mpath_tunnel_info info{};
    info.struct_size = sizeof info;
    const mpath_route_request request = l.data_request();
    const mpath_cell cell = l.data_cell(1);
    mpath_grant grant{};
    grant.struct_size = sizeof grant;
    mpath_receipt receipt{};
    receipt.struct_size = sizeof receipt;
    mpath_token token{};
    mpath_tokens tokens{&token, 1, sizeof token, 0, 0};
    std::vector<mpath_event> items(MPATH_EVENTS_MAX);
    mpath_events events{items.data(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 0, 0};
    EXPECT_EQ(t.tunnel_info(l.instance, id, &info), MPATH_E_STALE);
    EXPECT_EQ(t.tunnel_close(l.instance, id, l.now_us), MPATH_E_STALE);
    EXPECT_EQ(t.tunnel_destroy(l.instance, id), MPATH_E_STALE);
    EXPECT_EQ(t.link(l.instance, id, l.now_us), MPATH_E_STALE);
    EXPECT_EQ(t.route(l.instance, id, &request, &all, l.now_us, &grant), MPATH_E_STALE);
    EXPECT_EQ(t.receive(l.instance, id, &cell, l.now_us, &receipt), MPATH_E_STALE);
    EXPECT_EQ(t.drain(l.instance, id, &tokens), MPATH_E_STALE);
    EXPECT_EQ(t.poll(l.instance, id, &all, l.now_us, &events), MPATH_E_STALE);
  }
}

TEST(StaleIds, StayStaleWhenTheSlotIsUsedAgain) {
  LiveTunnel l(false);
  mpath_tunnel_params params{};
  params.struct_size = sizeof params;
  params.role = MPATH_ROLE_CLIENT;
  params.first_leg = &l.first_params;
  std::set<mpath_tunnel_id> seen = {l.tunnel};
  mpath_tunnel_id before = 0;
  for (int i = 0; i < 1000; ++i) {
    mpath_tunnel_id tunnel = 0;
    mpath_leg_id leg = 0;
    ASSERT_EQ(l.table.tunnel_create(l.instance, &params, &tunnel, &leg), MPATH_OK);
    ASSERT_TRUE(seen.insert(tunnel).second) << "an id was used twice";
    ASSERT_EQ(l.table.tunnel_close(l.instance, before, l.now_us), MPATH_E_STALE);
    ASSERT_EQ(l.table.tunnel_close(l.instance, tunnel, l.now_us), MPATH_OK);
    ASSERT_EQ(l.table.tunnel_destroy(l.instance, tunnel), MPATH_OK);
    before = tunnel;
  }
}

TEST(Texts, AreCutToTheirCapacityAndEndWithNul) {
  const mpath_plugin_table& table = conflux_table();
  const std::string yaml = "conflux:\n  no_such_key: 1\n";
  const mpath_config_text config{sizeof config, static_cast<std::uint32_t>(yaml.size()),
                                 yaml.data(), "file.yaml"};
  std::vector<char> large(10'000, 'x');
  mpath_text whole{large.data(), static_cast<std::uint32_t>(large.size()), 0};
  ASSERT_EQ(table.config_check(&config, &whole), MPATH_E_CONFIG);
  const std::string text = large.data();
  EXPECT_EQ(text.size(), whole.length);
  EXPECT_NE(text.find("file.yaml:2"), std::string::npos) << text;
  EXPECT_NE(text.find("no_such_key"), std::string::npos) << text;

  for (const std::uint32_t capacity : {0U, 1U, 2U, 10U, whole.length, whole.length + 1}) {
    std::vector<char> small(std::size_t{capacity} + 1, 'x');
    mpath_text cut{small.data(), capacity, 0};
    ASSERT_EQ(table.config_check(&config, &cut), MPATH_E_CONFIG);
    EXPECT_EQ(cut.length, whole.length);
    EXPECT_EQ(small[capacity], 'x') << "wrote past the capacity";
    if (capacity > 0) {
      EXPECT_EQ(std::string(small.data()), text.substr(0, capacity - 1));
    }
  }
}

TEST(Instances, AreIndependentAndMayBeManyInOneProcess) {
  LiveTunnel one;
  LiveTunnel two;
  EXPECT_NE(one.instance, two.instance);
  EXPECT_EQ(one.table.instance_close(one.instance), MPATH_E_STATE);
  EXPECT_EQ(one.info().linked_count, 2U);
  EXPECT_EQ(two.info().ordinal, 1U);
}

}  // namespace
}  // namespace conflux::test
