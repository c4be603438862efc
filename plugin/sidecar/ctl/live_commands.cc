#include "plugin/sidecar/ctl/commands.h"

namespace conflux::ctl {

void add_live_commands(CLI::App& app, const Console& console, Outcome& outcome) {
  add_top_command(app, console, outcome);
  add_tunnels_command(app, outcome);
  add_watch_command(app, outcome);
  add_metrics_command(app, outcome);
  add_doctor_command(app, console, outcome);
}

}  // namespace conflux::ctl
