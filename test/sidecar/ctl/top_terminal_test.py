"""confluxctl top in a real terminal: tmux shows what a person would see."""

import os
import re
import signal
import subprocess
import unittest
from pathlib import Path

from live_setup import CTL, Place, wait_until

SETTINGS = "set -g status off\nset -g default-terminal screen-256color\nset -g escape-time 10\n"
BRAILLE = re.compile("[\u2801-\u28ff]")


class Terminal:
    """A shell in a terminal of a given size."""

    def __init__(self, place: Place, width: int, height: int, **environment: str):
        self.name = f"conflux-{os.getpid()}-{width}x{height}"
        settings = place.root / "tmux.conf"
        settings.write_text(SETTINGS)
        subprocess.run(
            ["tmux", "-L", self.name, "-f", settings, "new-session", "-d", "-x", str(width), "-y",
             str(height), "sh"], check=True, env=dict(place.environment(), PS1="$ ", **environment))

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(["tmux", "-L", self.name, *arguments], check=True, text=True,
                              capture_output=True)
        return done.stdout

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def type(self, line: str) -> None:
        self.tmux("send-keys", "-l", line)
        self.press("Enter")

    def wait_for(self, pattern: str) -> str:
        def look():
            screen = self.screen()
            return screen if re.search(pattern, screen) else None
        try:
            return wait_until(look, pattern)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.screen()}") from None

    def state(self) -> str:
        """What the shell and tmux know of the terminal: modes, alternate screen, cursor."""
        marker = f"state-{os.urandom(4).hex()}"
        self.type(f"echo {marker[:5]}''{marker[5:]}=$(stty -g | md5sum | cut -c1-32)=")
        screen = self.wait_for(rf"{marker}=[0-9a-f]{{32}}=")
        modes = re.findall(rf"{marker}=([0-9a-f]{{32}})=", screen)[-1]
        return modes + self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}")

    def child(self) -> int:
        """The one process that the shell has started."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="ascii"))

    def close(self) -> None:
        self.tmux("kill-server")


class TopInATerminal(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.proxy = self.place.start_proxy()
        self.place.start_sidecar()

    def terminal(self, width: int, height: int, **environment: str) -> Terminal:
        terminal = Terminal(self.place, width, height, **environment)
        self.addCleanup(terminal.close)
        return terminal

    def top(self, terminal: Terminal, options: str = "") -> str:
        terminal.type(f"{CTL} top --interval 200ms {options}; echo left-with-$?")
        return terminal.wait_for(r">a0000001 .*[0-9] [kM]B")

    def test_at_80x24_it_shows_tunnels_and_obeys_keys(self):
        terminal = self.terminal(80, 24)
        before = terminal.state()
        screen = self.top(terminal)
        self.assertIn("Does it help?  1.8x the best leg", screen)
        self.assertIn("proxy live", screen)
        self.assertRegex(screen, r"(?m)^>a0000001 ready +.* 56/44 +90/150 .* 1\.8x$")
        self.assertRegex(screen, r"tunnel a0000001 of proxy, ready")
        self.assertRegex(screen, r"  1\* linked .* 150/300")
        self.assertRegex(terminal.wait_for(BRAILLE.pattern), "sort: goodput")

        terminal.press("s")
        terminal.wait_for(r"(?s)>a0000001.*sort: rtt")
        terminal.press("g")
        terminal.wait_for(r">a0000003")
        terminal.press("j")
        terminal.wait_for(r">a0000002")
        terminal.press("p")
        paused = terminal.wait_for("PAUSED")
        self.assertIn("go on", paused)
        terminal.press("p")
        terminal.wait_for(r"p pause")
        terminal.press("/")
        terminal.wait_for("filter: _")
        terminal.press("0", "1", "Enter")
        terminal.wait_for(r"(?s)>a0000001(?!.*a0000002).*filtered: 01")
        terminal.press("h")
        self.assertIn("quit", terminal.wait_for("conflux top: help"))
        terminal.press("h")
        terminal.wait_for(">a0000001")
        terminal.press("q")
        terminal.wait_for("left-with-0")
        self.assertEqual(terminal.state(), before, "the terminal is as it was")

    def test_at_200x50_it_uses_the_space_and_follows_a_resize(self):
        terminal = self.terminal(200, 50)
        screen = self.top(terminal)
        for title in ("PROXY", "AGE", "INFLIGHT:CWND", "CELLS IN", "CELLS OUT", "GOODPUT"):
            self.assertIn(title, screen)
        self.assertRegex(screen, r">a0000001 proxy .* 150:300/120:200 ")
        self.assertRegex(screen, r"leg 1 \(top .*leg 2 \(top ")
        terminal.tmux("resize-window", "-x", "20", "-y", "5")
        terminal.wait_for(r"(?s)^conflux top.*\n>a0000001")
        terminal.tmux("resize-window", "-x", "80", "-y", "24")
        terminal.wait_for(r"tunnel a0000001 of proxy")

    def test_signals_give_the_terminal_back(self):
        terminal = self.terminal(80, 24)
        before = terminal.state()
        self.top(terminal)
        terminal.press("C-c")
        terminal.wait_for("left-with-0")
        self.assertEqual(terminal.state(), before)
        terminal.type("clear")
        self.top(terminal)
        os.kill(terminal.child(), signal.SIGTERM)
        terminal.wait_for("left-with-143")
        self.assertEqual(terminal.state(), before)

    def test_it_tells_what_is_wrong_and_goes_on_by_itself(self):
        terminal = self.terminal(80, 24)
        self.top(terminal)
        self.proxy.tell("stall")
        terminal.wait_for("proxy is stalled: ")
        self.place.stop_sidecar()
        terminal.wait_for(r"(?s)no sidecar.*cannot be reached at")
        self.proxy.tell("go")
        self.place.start_sidecar()
        terminal.wait_for("proxy live")
        self.proxy.die()
        terminal.wait_for("proxy is dead: ")
        terminal.press("q")
        terminal.wait_for("left-with-0")

    def test_it_can_do_without_colours_and_without_unicode(self):
        terminal = self.terminal(80, 24, NO_COLOR="1")
        self.top(terminal, "--ascii")
        styled = terminal.tmux("capture-pane", "-p", "-e")
        self.assertTrue(styled.isascii())
        self.assertNotRegex(styled, r"\x1b\[[0-9;]*3[1-7]m")
        terminal.press("q")
        terminal.wait_for("left-with-0")
        coloured = self.terminal(79, 24)
        self.top(coloured)
        self.assertRegex(coloured.tmux("capture-pane", "-p", "-e"), r"\x1b\[[0-9;]*3[1-7]m")


if __name__ == "__main__":
    unittest.main()
