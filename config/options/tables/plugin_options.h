// Options of the file itself and of section `plugin:`.
#pragma once

#include <array>

#include "config/options/tables/entries.h"

namespace conflux::config::tables {

inline constexpr auto kOnFailureValues = std::to_array<EnumValue>({
    named("refuse", OnFailure::kRefuse, "the host does not start"),
    named("single_path", OnFailure::kSinglePath, "the host starts without multipath and says so"),
});

inline constexpr auto kPluginOptions = std::to_array<Option>({
    {.key = "version",
     .type = IntegerType{[](Settings& s) -> std::uint32_t& { return s.version; }, 1, 1},
     .stock_default = "1",
     .since = "0.1",
     .help = "Version of this file's format. Required.",
     .explanation =
         "Lets a later release read the file as it was meant, or refuse it with a clear message, "
         "instead of guessing. It changes only when a key changes its meaning; new keys do not "
         "change it."},
    {.key = "plugin.path",
     .type = PathType{[](Settings& s) -> std::string& { return s.plugin.path; }},
     .stock_default = "",
     .example = "/usr/lib/mpath/conflux.so",
     .since = "0.1",
     .restart_required = true,
     .help = "Absolute path of the plugin. Unset: the host's own choice.",
     .explanation =
         "The path is taken as written: no ~, no variables, nothing relative to a directory that "
         "somebody else may choose. The loader also refuses a file or parent directory that others "
         "than root and the host's own user can write.\n\n"
         "Loaded code is trusted code: it runs with every right of the proxy."},
    {.key = "plugin.sha256",
     .type = PinsType{[](Settings& s) -> std::vector<Sha256>& { return s.plugin.sha256; }},
     .stock_default = "[]",
     .since = "0.1",
     .help = "SHA-256 digests of which the plugin must have one. Empty: any.",
     .explanation =
         "The loader hashes the very file that it then loads, and loads it only if the digest is "
         "in "
         "this list. Print one with `sha256sum conflux.so`.\n\n"
         "It is a list so that an upgrade does not lock you out: add the digest of the new file "
         "first, upgrade, restart the host, then remove the old one. A reload takes the new list; "
         "it "
         "counts when the plugin is loaded the next time."},
    {.key = "plugin.on_failure",
     .type =
         EnumType{kOnFailureValues,
                  [](const Settings& s) { return static_cast<std::uint8_t>(s.plugin.on_failure); },
                  [](Settings& s, std::uint8_t value) {
                    s.plugin.on_failure = static_cast<OnFailure>(value);
                  }},
     .stock_default = "refuse",
     .since = "0.1",
     .restart_required = true,
     .help = "What the host does when the plugin cannot be loaded.",
     .explanation =
         "`refuse` is the default because a proxy that silently runs in another way than "
         "configured "
         "is a surprise. `single_path` keeps the service up on plain circuits, which is as safe as "
         "stock tor without Conflux and as slow; watch the host's log for it."},
});

}  // namespace conflux::config::tables
