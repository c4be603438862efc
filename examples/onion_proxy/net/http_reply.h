// What a directory port answered. Sans-I/O: the bytes of a whole reply in, its body out.
#pragma once

#include <string>
#include <string_view>

#include "examples/onion_proxy/base/result.h"

namespace onion_proxy {

/// A longer header is refused.
inline constexpr size_t kHttpHeaderMax = 16 * 1024;

/// The body of a reply without its header, or why there is none. Replies of directory ports may
/// lack a length and end with the connection; one that states a length must have it.
Result<std::string> parse_http_reply(std::string_view reply);

}  // namespace onion_proxy
