#include "host_api/conformance/requirements.h"

#include <algorithm>

namespace mpath::kit {
namespace {

// clang-format off
constexpr Requirement kRequirements[] = {
    // Plugins.
    {"MPATH-P-1", "exports its entry point and nothing else, and needs no symbol of the host", "", "", ""},
    {"MPATH-P-2", "negotiates from any thread, any number of times, without work or resources", "", "", ""},
    {"MPATH-P-3", "picks the highest common major, or answers E_VERSION with its own range", "", "", "a major that was not offered"},
    {"MPATH-P-4", "hands out a table that is as long as its version promises, without null functions", "", "", "length and null functions of the table"},
    {"MPATH-P-5", "neither reads nor writes past the struct_size or stride that the host gave", "", "", "bytes past version 1.0 of what is filled"},
    {"MPATH-P-6", "refuses what is smaller than version 1.0 with E_SIZE", "", "", "small structs that are accepted"},
    {"MPATH-P-7", "refuses reserved fields that are not zero", "", "", "reserved fields that are accepted"},
    {"MPATH-P-8", "ignores unknown flags of a view and refuses those of a leg", "", "", ""},
    {"MPATH-P-9", "answers E_ARGUMENT for a null pointer where one is needed", "", "", "null pointers that are accepted"},
    {"MPATH-P-10", "answers E_STALE for ids that name nothing alive, and never mints one twice", "", "", "ids of nothing that are accepted, ids minted twice"},
    {"MPATH-P-11", "changes nothing on misuse, on a resource error and on BLOCKED", "", "", "counts of tunnel_info before and after a refusal"},
    {"MPATH-P-12", "enforces the state tags with a status", "", "", "calls that are accepted in a state that forbids them"},
    {"MPATH-P-13", "returns each held token exactly once: DELIVER in order, DISCARD after a close", "", "", "tokens that are not held, or come twice; verdicts that do not fit"},
    {"MPATH-P-14", "refuses to destroy a tunnel whose tokens are not drained", "", "", "tunnel_destroy with tokens held"},
    {"MPATH-P-15", "tells events of one shot exactly once and in order; one LEG_GONE per leg, last of all that name it", "", "", "events of one shot told twice, out of place, or after LEG_GONE"},
    {"MPATH-P-16", "tells level-triggered events for as long as the views say so", "", "", ""},
    {"MPATH-P-17", "consumes nothing when a buffer is too short, and says how much suffices", "", "", "count after E_BUFFER"},
    {"MPATH-P-18", "commits in route: sequence numbers advance by what was granted", "", "", "grants past what was wanted or past the window; cells_sent"},
    {"MPATH-P-19", "joins all legs or none", "", "", "leg_count after legs_add"},
    {"MPATH-P-20", "wants each leg viewed once, and ignores views of others", "", "", "views that are right and refused, or wrong and accepted"},
    {"MPATH-P-21", "clamps and counts a clock that steps back", "", "", ""},
    {"MPATH-P-22", "draws all randomness from the seed, or from a CSPRNG if there is none", "", "", ""},
    {"MPATH-P-23", "keeps nonces, relays, circuits, cookies, tokens and ids out of logs", "", "", ""},
    {"MPATH-P-24", "lets different tunnels be on different threads, and [any-thread] calls meet all of them", "", "", ""},
    {"MPATH-P-25", "keeps instances apart", "", "", ""},
    {"MPATH-P-26", "cuts texts to their capacity, ends them with NUL and says their full length", "", "", "the end of each text"},
    {"MPATH-P-27", "has words for every status, reason and log event, also unknown ones", "", "", "null words"},
    {"MPATH-P-28", "keeps no pointer after a call returns", "", "", ""},
    {"MPATH-P-29", "throws, aborts, blocks and calls back never; poisons one tunnel rather than the process", "", "", "exceptions"},
    {"MPATH-P-30", "gives back with tunnel_destroy and instance_close all memory that it took for them, in every state", "", "", ""},
    {"MPATH-P-31", "makes no system call between instance_open and instance_close but for memory and locks, and for random bytes if there is no seed", "", "", ""},
    {"MPATH-P-32", "takes every time from 0 to MPATH_TIME_MAX and refuses later ones; what is due by now happens first, however late, and next_deadline_us names it before", "", "", ""},
    {"MPATH-P-33", "judges a configuration alike in config_check, instance_open and instance_reload, without a crash on any bytes, and keeps the old one whole when it refuses", "", "", ""},
    {"MPATH-P-34", "counts what it holds, says when it crosses the water marks, closes what exceeds its limits and sheds when asked, oldest data first", "", "", ""},
    {"MPATH-P-35", "answers null for an extension that it does not have, whatever the id", "", "", ""},
    {"MPATH-P-36", "closes a tunnel on the loss of a leg when, and only when, section 2 says so", "", "", ""},
    {"MPATH-P-37", "closes a tunnel whose peer violates the protocol: E_PROTOCOL with a reason from 100 on", "", "", ""},
    // Hosts: mpath-validate loads a plugin and never sees a host.
    {"MPATH-H-1", "sets struct_size and stride to its own sizeof, and reserved fields to zero", "", "pointers, sizes, strides and reserved fields of each call", "pointers, sizes, strides and reserved fields of each call"},
    {"MPATH-H-2", "gives each tunnel one thread at a time, and hands over with happens-before", "", "two threads inside one tunnel at the same time; lingers so that they meet", "two threads inside one tunnel at the same time"},
    {"MPATH-H-3", "polls and drains until nothing is left before it sleeps, and again by next_deadline_us", "", "deadlines that pass, tokens and events that wait while the clock goes on", "deadlines that pass, tokens and events that wait while the clock goes on"},
    {"MPATH-H-4", "sends SEND_CELL at once, in order, before anything else on that leg", "", "LINKED that does not answer the LINK that was told, or none at all", ""},
    {"MPATH-H-5", "sends what was granted: first, then the cells, on that leg, in that order; else removes the leg with SEND_FAILED", "only the peer sees what was sent, and in which order", "", ""},
    {"MPATH-H-6", "gives receive every relay cell of a tunnel's circuits, once, in the order of arrival on its leg, after its digest was verified", "the host alone knows what arrived; breaches look like violations of the peer", "", ""},
    {"MPATH-H-7", "passes the body of signalling commands (signalling in the table) with its true length", "", "a signalling cell without its body", "a signalling cell without its body"},
    {"MPATH-H-8", "keeps a held cell until its token comes back; delivers or frees it as the verdict says", "", "a token that names two cells, tokens held at tunnel_destroy", "a token that names two cells, tokens held at tunnel_destroy"},
    {"MPATH-H-9", "delivers a cell that was MPATH_OK before the tokens drained after it", "the order in which a host delivers shows at its streams alone", "", ""},
    {"MPATH-H-10", "views each leg once, as it is now; cwnd and inflight count DATA cells", "", "legs without a view or with two; data_sent that goes back, data_acked past it", "legs without a view or with two; data_sent that goes back, data_acked past it"},
    {"MPATH-H-11", "uses one monotonic clock", "", "a clock that steps back in a tunnel", "a clock that steps back in a tunnel"},
    {"MPATH-H-12", "chooses relay_tag equal for equal relays, different for different ones, and otherwise meaningless", "", "equal tags within one path", "equal tags within one path"},
    {"MPATH-H-13", "fills seed from a CSPRNG, anew for each tunnel", "", "a seed of equal bytes, or used before", "a seed of equal bytes, or used before"},
    {"MPATH-H-14", "opens no stream on a multi-path tunnel before READY", "", "BEGIN, BEGIN_DIR or RESOLVE to the join point before READY was told", "BEGIN, BEGIN_DIR or RESOLVE to the join point before READY was told"},
    {"MPATH-H-15", "never uses a circuit that was ever joined for anything else: it destroys it", "", "legs with MPATH_LEG_EVER_JOINED", "legs with MPATH_LEG_EVER_JOINED"},
    {"MPATH-H-16", "reports a lost circuit with leg_remove and views from before the loss", "only the host knows when a circuit was lost", "", ""},
    {"MPATH-H-17", "after CLOSED, E_PROTOCOL or E_CLOSED: destroys the circuits, drains, destroys the tunnel", "", "calls on a closed tunnel that are not for closed ones; tunnels left", "calls on a closed tunnel that are not for closed ones; tunnels left"},
    {"MPATH-H-18", "asks the peer to pause (XOFF) at MPATH_WATER_HIGH and to go on (XON) at MPATH_WATER_LOW", "whether a stream was paused is between host and peer", "", ""},
    {"MPATH-H-19", "destroys all tunnels before instance_close, and calls nothing afterwards", "", "tunnels left at instance_close, calls after it", "tunnels left at instance_close, calls after it"},
    {"MPATH-H-20", "loads after fork and before sandbox, chroot and change of user; uses a tunnel in one process only", "", "calls on a tunnel after fork", "calls on a tunnel after fork"},
    {"MPATH-H-21", "never unloads the plugin (dlclose) while anything of it is in use; best never", "code that is gone cannot look; conflux.so is marked to stay loaded", "", ""},
    {"MPATH-H-22", "checks the file before it loads it (loader.hpp, or the same rules)", "what happened to the file before it was loaded cannot be seen from within", "", ""},
    {"MPATH-H-23", "gives receive the same cell again after E_NO_MEMORY, or closes the tunnel", "", "another cell on a leg after E_NO_MEMORY, which it answers by script", "another cell on a leg after E_NO_MEMORY"},
    {"MPATH-H-24", "treats unknown statuses, events and reasons as section 1 says", "", "tells unknown statuses, events and reasons by script; the host must come to its end", ""},
    {"MPATH-H-25", "calls a function only with ids of what is alive, and in the states of section 2", "", "ids of what is gone, functions that the state forbids", "ids of what is gone, functions that the state forbids"},
};
// clang-format on

}  // namespace

std::span<const Requirement> requirements() noexcept { return kRequirements; }

const Requirement* find_requirement(std::string_view id) noexcept {
  const auto* const found = std::ranges::find(kRequirements, id, &Requirement::id);
  return found == std::end(kRequirements) ? nullptr : found;
}

}  // namespace mpath::kit
