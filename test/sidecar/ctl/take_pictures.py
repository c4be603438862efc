"""Writes examples/pictures/top-80x24.txt and top-200x50.txt: what `confluxctl top` shows in a real
terminal after a minute of made-up traffic.

usage: CONFLUX_BIN=build/release/bin python3 test/sidecar/ctl/take_pictures.py
"""

import time
from pathlib import Path

from live_setup import Place
from top_terminal_test import Terminal

PICTURES = Path(__file__).resolve().parents[3] / "examples/pictures"
SECONDS = 60


def main() -> None:
    place = Place()
    terminals = []
    try:
        place.start_proxy(tunnels=8)
        place.start_sidecar()
        for width, height in ((80, 24), (200, 50)):
            terminals.append((Terminal(place, width, height), f"top-{width}x{height}.txt"))
            terminals[-1][0].type("confluxctl top --interval 500ms")
        print(f"waiting {SECONDS} s for graphs to fill")
        time.sleep(SECONDS)
        PICTURES.mkdir(exist_ok=True)
        for terminal, name in terminals:
            (PICTURES / name).write_text(terminal.screen(), encoding="utf-8")
            print(PICTURES / name)
    finally:
        for terminal, _ in terminals:
            terminal.close()
        place.close()


if __name__ == "__main__":
    main()
