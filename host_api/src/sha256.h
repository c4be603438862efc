#pragma once

#include <mpath/loader.hpp>

#include "host_api/src/refusal.h"

namespace mpath::detail {

// Hashes the file behind a descriptor from its start, whatever its offset.
Refusal hash_file(int fd, std::string_view name, Sha256* out);

// Is `digest` allowed? No pins allow everything.
Refusal judge_digest(const Sha256& digest, const std::vector<Sha256>& pins, std::string_view name);

}  // namespace mpath::detail
