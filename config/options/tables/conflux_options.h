// Options of section `conflux:`, but for its metrics.
#pragma once

#include <array>

#include "config/options/tables/entries.h"
#include "config/options/tables/scheduler_values.h"

namespace conflux::config::tables {

inline constexpr auto kProfileValues = std::to_array<EnumValue>({
    named("stock", Profile::kStock, "on the wire as stock tor's client", "default"),
    named("fast", Profile::kFast, "two legs, any scheduler"),
    named("lab", Profile::kLab, "everything that the ranges allow, for experiments",
          "experimental"),
});

inline constexpr auto kDesiredUxValues = std::to_array<EnumValue>({
    named("no_opinion", DesiredUx::kNoOpinion, "the exit decides"),
    named("min_latency", DesiredUx::kMinLatency, "quick answers: the fastest leg", "latency"),
    named("low_mem_latency", DesiredUx::kLowMemLatency, "quick answers, least reordering",
          "latency_lowmem"),
    named("high_throughput", DesiredUx::kHighThroughput, "bulk transfers: every leg with room",
          "throughput"),
    named("low_mem_throughput", DesiredUx::kLowMemThroughput, "bulk transfers, least reordering",
          "throughput_lowmem"),
});

inline constexpr auto kFarLegsValues = std::to_array<EnumValue>({
    named("auto", FarLegs::kAuto, "for_bulk under profile fast, else at_once"),
    named("at_once", FarLegs::kAtOnce, "as soon as it is built, as stock tor does", "always"),
    named("for_bulk", FarLegs::kForBulk, "when a stream turns out to be long", "bulk"),
});

inline constexpr auto kLogLevelValues = std::to_array<EnumValue>({
    named("error", LogLevel::kError, "what ended a tunnel against its user's will"),
    named("warn", LogLevel::kWarn, "also what a peer or the host did wrong", "warning"),
    named("info", LogLevel::kInfo, "also tunnels and legs that come and go", "notice"),
    named("debug", LogLevel::kDebug, "also every switch of the primary leg"),
    named("trace", LogLevel::kTrace, "also every decision; slow"),
});

inline constexpr auto kConfluxOptions = std::to_array<Option>({
    {.key = "conflux.profile",
     .type = EnumType{
         kProfileValues,
         [](const Settings& s) { return static_cast<std::uint8_t>(s.conflux.profile); },
         [](Settings& s, std::uint8_t value) { s.conflux.profile = static_cast<Profile>(value); }},
     .stock_default = "stock",
     .since = "0.1",
     .help = "How much an exit may tell you apart from stock tor's users.",
     .explanation =
         "`stock` stays with what stock tor's client does: its number of legs (two, unless the "
         "consensus says another), its desired UX and its scheduler. Neither the handshake nor the "
         "order of the cells singles you out. When the first stream goes is the host's choice: "
         "stock tor's client waits until all its legs are linked, and a host that does not, so "
         "that no slow circuit delays a stream (onion-proxy), differs from it in that.\n\n"
         "`fast` keeps two legs and frees the scheduler. Which leg carries which cell is visible "
         "to "
         "the exit, so it can tell a fast client from a stock one after a few hundred cells.\n\n"
         "`lab` frees the number of legs too and raises the reorder memory to match. Clearly "
         "distinguishable, and more guards see you; for private networks and measurements.\n\n"
         "A change on reload holds for new tunnels."},
    {.key = "conflux.desired_ux",
     .type =
         EnumType{kDesiredUxValues,
                  [](const Settings& s) { return static_cast<std::uint8_t>(s.conflux.desired_ux); },
                  [](Settings& s, std::uint8_t value) {
                    s.conflux.desired_ux = static_cast<DesiredUx>(value);
                  }},
     .stock_default = "high_throughput",
     .since = "0.1",
     .help = "What the exit is asked to optimise downloads for.",
     .explanation =
         "Sent to the exit in every LINK cell; the exit schedules downloads by it. A stock exit "
         "uses "
         "all legs that have room (LowRTT) for high_throughput and no_opinion, and keeps to the "
         "fastest leg (MinRTT) for the others: those reorder less, and add little bandwidth.\n\n"
         "With `scheduler: auto` in profiles fast and lab your uploads follow it too.\n\n"
         "Stock tor sends high_throughput and Arti sends min_latency, so any other value makes you "
         "stand out, and min_latency tells that you are not C tor."},
    {.key = "conflux.scheduler",
     .type =
         EnumType{kSchedulerValues,
                  [](const Settings& s) { return static_cast<std::uint8_t>(s.conflux.scheduler); },
                  [](Settings& s, std::uint8_t value) {
                    s.conflux.scheduler = static_cast<Scheduler>(value);
                  }},
     .stock_default = "auto",
     .since = "0.1",
     .help = "Which leg carries what you send.",
     .explanation =
         "Only uploads: downloads are scheduled by the exit, see conflux.desired_ux.\n\n"
         "`auto` under `profile: stock` is min_rtt, as with stock tor: its clients send by the UX "
         "that the exit asks for, and stock exits ask for minimum latency. Under fast and lab it "
         "is "
         "low_rtt for the desired UX high_throughput and min_rtt for every other. Stock allows "
         "nothing but `auto`.\n\n"
         "`min_rtt` stays on the leg with the lowest round trip and waits while its window is "
         "full: little reordering, little gain. `low_rtt` goes on with the next leg instead: the "
         "windows of all legs add up, and so does what the exit has to reorder. `cwnd_rtt` lets a "
         "slower leg take no more than it delivers within one round trip of the fastest.\n\n"
         "`ecf` and `blest` are for legs of unlike delay. Both rather wait for the fastest leg "
         "than put cells on one that would deliver them last: ecf if waiting ends the transfer "
         "sooner, blest if those cells would keep the fastest leg from sending. `blest` also goes "
         "by "
         "what legs deliver: one that delivers much less than another gets no more than it "
         "delivers in a round trip, and the others do not run far ahead of it. Over two legs of "
         "unlike rate or delay the exit then often holds about half, mostly for two percent of "
         "the speed and in some networks for a tenth or more; where the leg of higher rate is "
         "the farther one it may hold no less. Measure on yours. Over like legs it gains nothing. "
         "The "
         "low_mem variants change legs once per window at most.\n\n"
         "Under fast and lab a leg on which nothing moves is everybody's last choice until it "
         "moves again.\n\n"
         "A change on reload holds for new tunnels."},
    {.key = "conflux.legs.count",
     .type = IntegerType{[](Settings& s) -> std::uint32_t& { return s.conflux.legs.count; }, 1, 8},
     .stock_default = "2",
     .since = "0.1",
     .help = "Legs that the host should build for a tunnel.",
     .explanation =
         "1 means plain circuits. 2 is stock tor's number, unless the consensus says another "
         "(cfx_num_legs_set): a host that reads it follows it under `profile: stock` where this "
         "key is "
         "not set. 3 to 8 need `profile: lab`, because "
         "more "
         "than two legs show your traffic to more guards (each sees your address and how much you "
         "move) and tell the exit that you are not stock tor; `explain conflux.legs` has the whole "
         "story.\n\n"
         "Legs need distinct guards to add up: two legs through one slow guard are one slow leg."},
    {.key = "conflux.legs.max",
     .type = IntegerType{[](Settings& s) -> std::uint32_t& { return s.conflux.legs.max; }, 1, 16},
     .stock_default = "8",
     .since = "0.1",
     .help = "Legs that a tunnel accepts at once.",
     .explanation =
         "A guard against a host that goes wrong, with room for a replacement that links before "
         "the "
         "old leg is gone. The host's attempt to add one more fails and changes nothing. 8 is what "
         "stock tor accepts (consensus parameter cfx_max_legs_set); a stock exit refuses more. "
         "Never "
         "less than conflux.legs.count."},
    {.key = "conflux.legs.far",
     .type = EnumType{
         kFarLegsValues,
         [](const Settings& s) { return static_cast<std::uint8_t>(s.conflux.legs.far); },
         [](Settings& s, std::uint8_t value) { s.conflux.legs.far = static_cast<FarLegs>(value); }},
     .stock_default = "auto",
     .since = "0.1",
     .help = "When a leg joins that answers much later than the nearest.",
     .explanation =
         "For the host, which knows round trips and streams; the plugin only checks it. All legs "
         "are built at the same time, and near ones join as soon as they are built. A leg is far "
         "if the exit's answer, when its circuit was built, took a quarter longer than over the "
         "nearest leg, and 20 ms or more longer.\n\n"
         "What is short gains nothing from a far leg: an exit that is asked for high_throughput "
         "puts cells on it as soon as the window of the near one is full, and all that comes after "
         "them waits, of every stream. What is long gains the leg's whole bandwidth. So with "
         "`for_bulk` a far leg stands ready and joins (sends LINK) once a stream has moved 512 "
         "KiB, or all of them together 4 MiB, in a burst: five minutes at most, and no five "
         "seconds "
         "in which nothing moves. It stays for the tunnel's life. One that is built before any "
         "other, joins at once; so does one for which the near leg is lost, or not linked within "
         "two of its round trips.\n\n"
         "The relays of a far leg learn from the time of its LINK that the tunnel moves much just "
         "now, which what they carry then tells them anyway; the exit learns that the host took "
         "the leg for far. Stock tor's clients link all legs at once. `profile: stock` therefore "
         "allows nothing but `auto` and `at_once`.\n\n"
         "A change on reload holds for new tunnels."},
    {.key = "conflux.handshake_timeout",
     .type = DurationType{[](Settings& s) -> milliseconds& { return s.conflux.handshake_timeout; },
                          milliseconds{100}, milliseconds{600'000}},
     .stock_default = "60s",
     .since = "0.1",
     .help = "How long a leg may take from LINK to LINKED.",
     .explanation =
         "A leg that is not linked by then is dropped; the tunnel goes on with the others. Shorten "
         "it "
         "on a private network to see failures sooner. A value below the round trip of an honest "
         "but "
         "slow leg (a few seconds on the public network) throws good legs away, and each "
         "replacement may show you to one more guard."},
    {.key = "conflux.reorder.tunnel_limit",
     .type = SizeType{[](Settings& s) -> std::uint64_t& { return s.conflux.reorder.tunnel_limit; },
                      64 * kKiB, 64 * kGiB},
     .stock_default = "16MiB",
     .lab_default = "64MiB",
     .since = "0.1",
     .help = "Bytes that one tunnel may hold out of order before it is closed.",
     .explanation =
         "The last line of defence against an exit that skips sequence numbers to fill your "
         "memory. "
         "Honest tunnels stay far below it if the host slows streams down at high_water. A guard "
         "that froze for 3 s made a stock exit send 31 MB by the other leg to a client that did "
         "not; "
         "raise the limit if honest tunnels close with the reason \"reorder limit\".\n\n"
         "Profile lab starts at 64MiB, since more legs wait for each other."},
    {.key = "conflux.reorder.process_limit",
     .type = SizeType{[](Settings& s) -> std::uint64_t& { return s.conflux.reorder.process_limit; },
                      kMiB, 1024 * kGiB},
     .stock_default = "256MiB",
     .since = "0.1",
     .help = "Bytes that all tunnels of the process may hold out of order.",
     .explanation =
         "Beyond it the plugin names the tunnels with the oldest held cells to the host, which "
         "closes "
         "them until the sum is below again. Keep it well under the memory of the machine; at "
         "least one full tunnel must fit."},
    {.key = "conflux.reorder.high_water",
     .type = SizeType{[](Settings& s) -> std::uint64_t& { return s.conflux.reorder.high_water; },
                      4 * kKiB, 64 * kGiB},
     .stock_default = "4MiB",
     .lab_default = "16MiB",
     .since = "0.1",
     .help = "Held bytes at which the host is told to slow streams down (XOFF).",
     .explanation =
         "What is already on its way still arrives: a window of each leg, so leave several MiB "
         "between this and tunnel_limit. If twice as much is held as when it asked for the pause, "
         "onion-proxy acknowledges nothing more, either, and a window of each leg still arrives: "
         "leave room for those between twice this and tunnel_limit. Too low a mark costs "
         "throughput on legs of unlike delay, because streams stop while reordering is "
         "normal.\n\n"
         "If the file does not set it: a quarter of tunnel_limit, if that is less."},
    {.key = "conflux.reorder.low_water",
     .type = SizeType{[](Settings& s) -> std::uint64_t& { return s.conflux.reorder.low_water; }, 0,
                      64 * kGiB},
     .stock_default = "1MiB",
     .lab_default = "4MiB",
     .since = "0.1",
     .help = "Held bytes at which streams may go on again (XON).",
     .explanation =
         "Less than high_water, so that streams do not stop and go with every cell. 0 means: only "
         "when nothing is held. If the file does not set it: a quarter of high_water, if that is "
         "less."},
    {.key = "conflux.reorder.peer_limit",
     .type = SizeType{[](Settings& s) -> std::uint64_t& { return s.conflux.reorder.peer_limit; },
                      512 * kKiB, 64 * kGiB},
     .stock_default = "4MiB",
     .lab_default = "32MiB",
     .since = "0.1",
     .help = "Bytes that your uploads may make the exit hold out of order.",
     .explanation =
         "When a leg stalls, what the others carry piles up at the exit until the stalled cells "
         "arrive. Beyond this much, or twice what all legs send during one trip of the slowest "
         "(`blest`: about once and a half), uploads wait. Without effect under `profile: stock`, "
         "because stock tor does not "
         "wait.\n\n"
         "A change on reload holds for new tunnels."},
    {.key = "conflux.reorder.stall_timeout",
     .type =
         DurationType{[](Settings& s) -> milliseconds& { return s.conflux.reorder.stall_timeout; },
                      milliseconds{1000}, milliseconds{600'000}},
     .stock_default = "30s",
     .since = "0.1",
     .help = "How long the oldest held cell may wait before the tunnel is closed.",
     .explanation =
         "A leg that withholds one cell stops the whole tunnel while the others fill the memory. "
         "When "
         "the oldest held cell is this old, the tunnel closes and its streams end with an error "
         "instead of hanging. Keep it above the longest pause that you want to sit out; three "
         "round "
         "trips of the slowest leg is the least that makes sense."},
    {.key = "conflux.log.level",
     .type =
         EnumType{kLogLevelValues,
                  [](const Settings& s) { return static_cast<std::uint8_t>(s.conflux.log.level); },
                  [](Settings& s, std::uint8_t value) {
                    s.conflux.log.level = static_cast<LogLevel>(value);
                  }},
     .stock_default = "info",
     .since = "0.1",
     .help = "How much the plugin tells the host's log.",
     .explanation = "`debug` and `trace` say when which leg carried how much; that is a record of "
                    "your activity, so "
                    "keep them off disks that others read, and off in daily use.\n\n"
                    "A change on reload holds for new tunnels."},
});

}  // namespace conflux::config::tables
