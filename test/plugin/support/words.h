// Names for the numbers of the contract, so that a failed test reads as a sentence.
#pragma once

#include <mpath/types.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace conflux::test {

[[nodiscard]] std::string words(mpath::Status status);
[[nodiscard]] std::string words(mpath::Reason reason);
// One event, as in "leg 2: REMOVE_LEG HANDSHAKE_TIMEOUT". Legs are named by their cookies, which
// test hosts number from 1.
[[nodiscard]] std::string words(const mpath_event& event);
// How many of the events that were told hold `word`.
[[nodiscard]] std::size_t count_of(const std::vector<std::string>& told, const std::string& word);

}  // namespace conflux::test

namespace mpath {

inline void PrintTo(Status status, std::ostream* out) { *out << conflux::test::words(status); }
inline void PrintTo(Reason reason, std::ostream* out) { *out << conflux::test::words(reason); }

}  // namespace mpath
