"""Small plots as SVG, legible on light and dark pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 320, 60, 200
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 13px; font-weight: 600 }
.axis { stroke: #8c959f }
.line { fill: none; stroke-width: 2 }
.of-0 { stroke: #0969da } text.of-0, circle.of-0 { stroke: none; fill: #0969da }
.of-1 { stroke: #bc4c00 } text.of-1, circle.of-1 { stroke: none; fill: #bc4c00 }
.of-2 { stroke: #1a7f37 } text.of-2 { stroke: none; fill: #1a7f37 }
rect { stroke: none } rect.of-0 { fill: #0969da } rect.of-1 { fill: #bc4c00 }
rect.of-2 { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .of-0 { stroke: #58a6ff } text.of-0, circle.of-0 { fill: #58a6ff }
  .of-1 { stroke: #f0883e } text.of-1, circle.of-1 { fill: #f0883e }
  .of-2 { stroke: #3fb950 } text.of-2 { fill: #3fb950 }
}
"""


@dataclass(frozen=True, kw_only=True)
class Plot:
    """The values of each line, two at most, at the same steps."""

    title: str
    lines: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Horizontal bars of parts that add up, three at most, the same in each bar."""

    title: str
    bars: Mapping[str, Mapping[str, float]]


def write(path: Path, plots: Sequence[Plot | Stack]) -> None:
    """Side by side in one file."""
    width = _WIDTH * len(plots)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}">',
        f"<style>{_STYLE}</style>",
    ]
    for number, plot in enumerate(plots):
        drawn = _stacked(plot) if isinstance(plot, Stack) else _drawn(plot)
        parts += [f'<g transform="translate({number * _WIDTH} 0)">', *drawn, "</g>"]
    path.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


def _stacked(plot: Stack) -> Iterator[str]:
    yield _text(_LEFT, 20, plot.title, "title", anchor="start")
    for i, part in enumerate(next(iter(plot.bars.values()))):
        yield _text(_LEFT + 80 * i, 40, part, f"of-{i}", anchor="start")
    per_unit = (_RIGHT - _LEFT) / max(sum(parts.values()) for parts in plot.bars.values())
    for row, (name, parts) in enumerate(plot.bars.items()):
        x, y = float(_LEFT), _TOP + 70 * row
        # Not in the bar, because a part can be too narrow for it.
        sizes = " + ".join(f"{value:.2f}" for value in parts.values())
        label = f"{name}: {sizes} = {sum(parts.values()):.2f}"
        yield _text(x, y + 12, label, anchor="start")
        for i, value in enumerate(parts.values()):
            width = per_unit * value
            place = f'x="{x:.1f}" y="{y + 20}" width="{width:.1f}" height="30"'
            yield f'<rect class="of-{i}" {place}/>'
            x += width


def _drawn(plot: Plot) -> Iterator[str]:
    yield _text(_LEFT, 20, plot.title, "title", anchor="start")
    yield f'<path class="axis" d="M{_LEFT} {_BOTTOM}H{_RIGHT}"/>'
    steps = list(next(iter(plot.lines.values())))
    gap = (_RIGHT - _LEFT) / len(steps)
    xs = [_LEFT + gap * (i + 0.5) for i in range(len(steps))]
    for x, step in zip(xs, steps, strict=True):
        yield _text(x, _BOTTOM + 20, step)
    highest = [max(values[step] for values in plot.lines.values()) for step in steps]
    for i, (name, values) in enumerate(plot.lines.items()):
        yield _text(_LEFT + 80 * i, 40, name, f"of-{i}", anchor="start")
        ys = [_BOTTOM - value / max(highest) * (_BOTTOM - _TOP) for value in values.values()]
        points = " ".join(f"{x:.0f},{y:.0f}" for x, y in zip(xs, ys, strict=True))
        yield f'<polyline class="line of-{i}" points="{points}"/>'
        for x, y, value, high in zip(xs, ys, values.values(), highest, strict=True):
            yield f'<circle class="of-{i}" cx="{x:.0f}" cy="{y:.0f}" r="3"/>'
            # Outside of what the lines are around.
            yield _text(x, y - 8 if value == high else y + 16, f"{value:,.0f}", f"of-{i}")


def _text(x: float, y: float, text: str, kind: str = "", *, anchor: str = "middle") -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(text)}</text>'
