"""Bar charts and interval charts as SVG text: dark on white, labelled axes, error bars. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from .stats import Interval

# Told apart without colour vision too (Okabe and Ito).
COLOURS = ("#555555", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
INK = "#222222"
GRID = "#dddddd"
_WIDTH, _HEIGHT = 860, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 72, 64


@dataclass(frozen=True)
class Series:
    name: str
    values: Sequence[Interval | None]  # one for each group


@dataclass(frozen=True)
class BarChart:
    title: str
    y_label: str
    x_label: str
    groups: Sequence[str]
    series: Sequence[Series]
    # (group index, value, text): what would be ideal or is wanted, as a dashed line over the group.
    marks: Sequence[tuple[int, float]] = field(default_factory=tuple)
    mark_name: str = ""


@dataclass(frozen=True)
class IntervalChart:
    """One line each: an estimate with its interval, and what is wanted of it."""

    title: str
    x_label: str
    lines: Sequence[tuple[str, Interval, float | None]]  # label, estimate, wanted


def nice_ticks(top: float, count: int = 6) -> list[float]:
    """Round numbers from 0 to at least `top`."""
    if not top > 0 or math.isinf(top):
        return [0.0, 1.0]
    raw = top / count
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw * 0.999999)
    return [i * step for i in range(math.ceil(top / step - 1e-9) + 1)]


def bar_chart(chart: BarChart) -> str:
    tops = [max(v.value, v.high if v.high == v.high else 0)
            for s in chart.series for v in s.values if v is not None and v.value == v.value]
    ticks = nice_ticks(max([*tops, *(value for _, value in chart.marks)], default=0))
    scale = _Scale(ticks[-1], _HEIGHT - _BOTTOM, _TOP)
    body = [*_frame(chart.title, chart.y_label, chart.x_label, _HEIGHT), *_y_axis(ticks, scale)]
    group_width = (_WIDTH - _LEFT - _RIGHT) / max(1, len(chart.groups))
    for index, group in enumerate(chart.groups):
        left = _LEFT + index * group_width
        body.append(_text(left + group_width / 2, _HEIGHT - _BOTTOM + 18, group, "middle"))
        body += _group(chart, index, left, group_width, scale)
    body += _legend([s.name for s in chart.series], chart.mark_name)
    return _document(_HEIGHT, body)


def _group(chart: BarChart, index: int, left: float, width: float, scale: _Scale) -> list[str]:
    out = []
    bar = width * 0.8 / max(1, len(chart.series))
    for place, series in enumerate(chart.series):
        value = series.values[index]
        if value is None or value.value != value.value:
            continue
        x = left + width * 0.1 + place * bar
        y = scale.at(value.value)
        out.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{bar * 0.9:.1f}" '
                   f'height="{scale.at(0) - y:.1f}" fill="{COLOURS[place % len(COLOURS)]}">'
                   f"<title>{escape(series.name)}: {value.value:.3g}</title></rect>")
        if value.low == value.low:
            out += _whisker(x + bar * 0.45, scale.at(value.low), scale.at(value.high))
    for at, value in chart.marks:
        if at == index:
            y = scale.at(value)
            out.append(f'<line x1="{left + width * 0.06:.1f}" x2="{left + width * 0.94:.1f}" '
                       f'y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" stroke-dasharray="5 3"/>')
    return out


def interval_chart(chart: IntervalChart) -> str:
    height = _TOP + _BOTTOM + 24 * len(chart.lines)
    left = 300
    bounds = [b for _, v, wanted in chart.lines for b in (v.value, v.high, wanted or 0) if b == b]
    ticks = nice_ticks(max(bounds, default=1))
    width = _WIDTH - left - _RIGHT

    def at(value: float) -> float:
        return left + width * max(0.0, value) / ticks[-1]
    body = [*_frame(chart.title, "", chart.x_label, height)]
    for tick in ticks:
        body.append(f'<line x1="{at(tick):.1f}" x2="{at(tick):.1f}" y1="{_TOP - 6}" '
                    f'y2="{height - _BOTTOM}" stroke="{GRID}"/>')
        body.append(_text(at(tick), height - _BOTTOM + 18, f"{tick:g}", "middle"))
    for index, (label, value, wanted) in enumerate(chart.lines):
        y = _TOP + 24 * index + 12
        body.append(_text(left - 10, y + 4, label, "end"))
        if value.low == value.low:
            body.append(f'<line x1="{at(value.low):.1f}" x2="{at(value.high):.1f}" y1="{y}" '
                        f'y2="{y}" stroke="{COLOURS[1]}" stroke-width="3"/>')
        body.append(f'<circle cx="{at(value.value):.1f}" cy="{y}" r="4" fill="{INK}"/>')
        if wanted is not None:
            body.append(f'<line x1="{at(wanted):.1f}" x2="{at(wanted):.1f}" y1="{y - 9}" '
                        f'y2="{y + 9}" stroke="{COLOURS[2]}" stroke-width="2"/>')
    body += _legend_line([(INK, "estimate, with 95 % interval"), (COLOURS[2], "wanted")])
    return _document(height, body)


class _Scale:
    def __init__(self, top: float, bottom_y: float, top_y: float):
        self._top, self._bottom_y, self._height = top, bottom_y, bottom_y - top_y

    def at(self, value: float) -> float:
        return self._bottom_y - self._height * max(0.0, min(value, self._top)) / self._top


def _frame(title: str, y_label: str, x_label: str, height: int) -> list[str]:
    middle = (_TOP + height - _BOTTOM) / 2
    out = [_text(_WIDTH / 2, 24, title, "middle", size=16),
           _text((_LEFT + _WIDTH) / 2, height - 14, x_label, "middle")]
    if y_label:
        out.append(f'<text x="18" y="{middle:.0f}" text-anchor="middle" '
                   f'transform="rotate(-90 18 {middle:.0f})">{escape(y_label)}</text>')
    return out


def _y_axis(ticks: list[float], scale: _Scale) -> list[str]:
    out = []
    for tick in ticks:
        y = scale.at(tick)
        out.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                   f'stroke="{GRID if tick else INK}"/>')
        out.append(_text(_LEFT - 8, y + 4, f"{tick:g}", "end"))
    return out


def _whisker(x: float, y1: float, y2: float) -> list[str]:
    style = f'stroke="{INK}" stroke-width="1.5"'
    return [f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y1:.1f}" y2="{y2:.1f}" {style}/>',
            *(f'<line x1="{x - 4:.1f}" x2="{x + 4:.1f}" y1="{y:.1f}" y2="{y:.1f}" {style}/>'
              for y in (y1, y2))]


def _legend(names: list[str], mark_name: str) -> list[str]:
    entries = [(COLOURS[i % len(COLOURS)], name) for i, name in enumerate(names)]
    return _legend_line(entries + ([("dashed", mark_name)] if mark_name else []))


def _legend_line(entries: list[tuple[str, str]]) -> list[str]:
    out, x = [], float(_LEFT)
    for colour, name in entries:
        if colour == "dashed":
            out.append(f'<line x1="{x:.0f}" x2="{x + 14:.0f}" y1="46" y2="46" stroke="{INK}" '
                       'stroke-dasharray="5 3"/>')
        else:
            out.append(f'<rect x="{x:.0f}" y="40" width="12" height="12" fill="{colour}"/>')
        out.append(_text(x + 18, 51, name))
        x += 32 + 7.2 * len(name)
    return out


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 13) -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
            f"{escape(text)}</text>")


def _document(height: int, body: list[str]) -> str:
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13" '
            f'fill="{INK}">\n<rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(body) + "\n</svg>\n")
