// The entry point, the table, words and extensions.
#include <array>
#include <cstring>
#include <thread>

#include "host_api/conformance/allocations.h"
#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/lent_memory.h"
#include "host_api/conformance/plugin_file.h"

namespace mpath::kit {
namespace {

constexpr std::size_t kSizeV1 = 64;  // of mpath_negotiation
static_assert(sizeof(mpath_negotiation) == kSizeV1, "a new release: see checks/sizes.cc");

struct Range {
  std::uint32_t low;
  std::uint32_t high;
};

void picks_the_common_major(Context& check) {
  const PluginFile file(check.settings().plugin);
  for (const Range range : {Range{1, 1}, {0, 1}, {1, 9}, {0, UINT32_MAX}}) {
    mpath_negotiation io = make_offer(range.low, range.high);
    const mpath_status status = file.entry()(&io);
    check.expect(status == MPATH_OK, "MPATH-P-3", "offered majors {} to {}: status {}", range.low,
                 range.high, status);
    check.expect(io.major >= range.low && io.major <= range.high &&
                     io.major >= io.plugin_major_min && io.major <= io.plugin_major_max,
                 "MPATH-P-3", "offered majors {} to {}: picked {}, speaks {} to {}", range.low,
                 range.high, io.major, io.plugin_major_min, io.plugin_major_max);
    const std::uint32_t best = std::min(range.high, io.plugin_major_max);
    check.expect(io.major == best, "MPATH-P-3", "picked major {} where {} was common", io.major,
                 best);
    check.expect(io.plugin_name != nullptr && io.plugin_version != nullptr, "MPATH-P-27",
                 "the plugin has no name or no version");
  }
}

void names_its_range_when_there_is_none(Context& check) {
  const PluginFile file(check.settings().plugin);
  mpath_negotiation known = make_offer(1, 1);
  check.expect(file.entry()(&known) == MPATH_OK, "MPATH-P-3", "refuses major 1");
  for (const Range range :
       {Range{0, 0}, {known.plugin_major_max + 1, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}}) {
    mpath_negotiation io = make_offer(range.low, range.high);
    const mpath_status status = file.entry()(&io);
    check.expect(status == MPATH_E_VERSION, "MPATH-P-3", "offered majors {} to {}: status {}",
                 range.low, range.high, status);
    check.expect(io.plugin_major_min == known.plugin_major_min &&
                     io.plugin_major_max == known.plugin_major_max,
                 "MPATH-P-3", "refused majors {} to {} without naming its own range", range.low,
                 range.high);
    check.expect(io.table == nullptr, "MPATH-P-3", "refused, and handed out a table");
  }
}

void refuses_what_is_no_offer(Context& check) {
  const PluginFile file(check.settings().plugin);
  const auto expect = [&](const char* what, std::string_view requirement, mpath_status status) {
    check.expect(status == MPATH_E_ARGUMENT, requirement, "{}: status {}", what, status);
  };
  {
    const Blame blame("MPATH-P-9");
    expect("a null pointer", "MPATH-P-9", file.entry()(nullptr));
  }
  mpath_negotiation upside_down = make_offer(2, 1);
  expect("majors 2 to 1", "MPATH-P-3", file.entry()(&upside_down));
  mpath_negotiation wrong_magic = make_offer(1, 1);
  ++wrong_magic.magic;
  expect("a wrong magic number", "MPATH-P-3", file.entry()(&wrong_magic));
  mpath_negotiation reserved = make_offer(1, 1);
  reserved.reserved = 1;
  expect("a reserved field that is set", "MPATH-P-7", file.entry()(&reserved));
}

// mpath_negotiation has no wrapper in Driver: it comes before there is a table.
mpath_status offer_sized(Context& check, mpath_negotiate_fn entry, std::uint32_t size) {
  LentMemory memory;
  const mpath_negotiation offer = make_offer(1, 1);
  const std::size_t length = std::max<std::size_t>(size, sizeof size);
  std::byte* lent = memory.lend(length);
  std::memset(lent, 0xA5, length);
  std::memcpy(lent, &offer, std::min(length, sizeof offer));
  std::memcpy(lent, &size, sizeof size);
  const mpath_status status = entry(reinterpret_cast<mpath_negotiation*>(lent));
  for (std::size_t i = kSizeV1; i < length; ++i) {
    check.expect(lent[i] == std::byte{0xA5}, "MPATH-P-5", "wrote to byte {} of an offer of {}", i,
                 length);
  }
  check.expect(LentMemory::is_intact(lent, length), "MPATH-P-5", "wrote outside of the offer");
  return status;
}

void offers_of_every_size(Context& check) {
  const PluginFile file(check.settings().plugin);
  for (const std::uint32_t size : {0U, 4U, 8U, 16U, 24U, 32U, 40U, 48U, 56U, 60U, 63U}) {
    const Blame blame("MPATH-P-6");
    const mpath_status status = offer_sized(check, file.entry(), size);
    check.expect(status == MPATH_E_SIZE, "MPATH-P-6", "an offer of {} bytes: status {}", size,
                 status);
  }
  for (const std::uint32_t more : {0U, 8U, 64U}) {
    const mpath_status status = offer_sized(check, file.entry(), kSizeV1 + more);
    check.expect(status == MPATH_OK, "MPATH-P-5", "an offer of {} bytes: status {}", kSizeV1 + more,
                 status);
  }
}

void same_table_from_any_thread(Context& check) {
  const PluginFile file(check.settings().plugin);
  const mpath_plugin_table* first = &file.table();
  const std::uint64_t before = plugin_allocations();
  constexpr std::size_t kThreads = 4;
  std::array<std::size_t, kThreads> others{};
  std::vector<std::thread> threads;
  for (std::size_t& differing : others) {
    threads.emplace_back([&file, &differing, first] {
      const PluginRuns runs;
      for (int round = 0; round < 1000; ++round) {
        mpath_negotiation io = make_offer(1, 1);
        if (file.entry()(&io) != MPATH_OK || io.table != first) ++differing;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t differing : others) {
    check.expect(differing == 0, "MPATH-P-2", "{} of 1000 negotiations gave another table",
                 differing);
  }
  check.expect(plugin_allocations() == before, "MPATH-P-2", "negotiation takes memory");
}

void table_is_complete(Context& check) {
  const PluginFile file(check.settings().plugin);
  const mpath_plugin_table& table = file.table();  // throws if it is not complete
  check.expect(table.reserved == 0, "MPATH-P-4", "the table's reserved field is set");
}

void words_for_every_number(Context& check) {
  const PluginFile file(check.settings().plugin);
  const mpath_plugin_table& table = file.table();
  const Blame blame("MPATH-P-27");
  const auto expect = [&](const char* what, std::int64_t number, const char* words) {
    check.expect(words != nullptr && words[0] != '\0', "MPATH-P-27", "no words for {} {}", what,
                 number);
  };
  for (std::uint32_t number = 0; number < 300; ++number) {
    expect("reason", number, table.reason_text(number));
    expect("log event", number, table.log_text(number));
  }
  for (const std::uint32_t odd : {999U, 0x7FFFFFFFU, 0x80000000U, UINT32_MAX}) {
    expect("reason", odd, table.reason_text(odd));
    expect("log event", odd, table.log_text(odd));
  }
  for (mpath_status number = -450; number < 20; ++number) {
    expect("status", number, table.status_text(number));
  }
  for (const mpath_status odd : {INT32_MIN, INT32_MAX, -999}) {
    expect("status", odd, table.status_text(odd));
  }
}

void unknown_extensions_are_null(Context& check) {
  const PluginFile file(check.settings().plugin);
  const mpath_plugin_table& table = file.table();
  const Blame blame("MPATH-P-35");
  const std::string endless(100'000, 'm');
  for (const char* id : {"", "/", "mpath.none/1", "mpath./", "MPATH.METRICS/1", "\xff\xfe\x01",
                         "%s%n", endless.c_str(), static_cast<const char*>(nullptr)}) {
    check.expect(table.get_extension(id) == nullptr, "MPATH-P-35",
                 "an extension that nobody has (\"{:.20}\") is there", id == nullptr ? "null" : id);
  }
}

}  // namespace

std::vector<Check> negotiate_checks() {
  return {
      {"negotiate.picks_the_common_major",
       {"MPATH-P-3"},
       picks_the_common_major,
       "Of the majors that both speak it picks the highest"},
      {"negotiate.names_its_range_when_there_is_none",
       {"MPATH-P-3"},
       names_its_range_when_there_is_none,
       "Without a common major it answers E_VERSION and names its own range"},
      {"negotiate.refuses_what_is_no_offer",
       {"MPATH-P-3", "MPATH-P-7", "MPATH-P-9"},
       refuses_what_is_no_offer,
       "Null, a wrong magic number, reserved fields, a range upside down"},
      {"negotiate.offers_of_every_size",
       {"MPATH-P-5", "MPATH-P-6"},
       offers_of_every_size,
       "Smaller offers are refused, larger ones are accepted and their tail is left alone"},
      {"negotiate.same_table_from_any_thread",
       {"MPATH-P-2"},
       same_table_from_any_thread,
       "Four threads get one table a thousand times, and no memory is taken"},
      {"negotiate.table_is_complete",
       {"MPATH-P-4"},
       table_is_complete,
       "Every function of version 1.0 is there"},
      {"negotiate.words_for_every_number",
       {"MPATH-P-27"},
       words_for_every_number,
       "Statuses, reasons and log events have words, also unknown ones"},
      {"negotiate.unknown_extensions_are_null",
       {"MPATH-P-35"},
       unknown_extensions_are_null,
       "Unknown, empty, endless and null ids"},
  };
}

}  // namespace mpath::kit
