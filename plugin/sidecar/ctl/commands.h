// Each adds one command. All must outlive `app`.
#pragma once

#include "config/confluxctl/command.h"

namespace conflux::ctl {

void add_tunnels_command(CLI::App& app, Outcome& outcome);
void add_watch_command(CLI::App& app, Outcome& outcome);
void add_metrics_command(CLI::App& app, Outcome& outcome);
void add_top_command(CLI::App& app, const Console& console, Outcome& outcome);
void add_doctor_command(CLI::App& app, const Console& console, Outcome& outcome);

}  // namespace conflux::ctl
