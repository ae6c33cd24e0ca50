import re

from bench import plots
from bench.plots import Stack


def test_draws_bars_to_one_scale_with_their_sums(tmp_path):
    stack = Stack(
        title="CPU, ms",
        bars={"before": {"api": 2.0, "worker": 1.0}, "now": {"api": 1.0, "worker": 0.5}},
    )
    plots.write(tmp_path / "cpu.svg", [stack])
    drawn = (tmp_path / "cpu.svg").read_text()
    widths = [float(width) for width in re.findall(r'<rect .*? width="([\d.]+)"', drawn)]
    assert widths == [160, 80, 80, 40]
    assert all(f">{text}</text>" in drawn for text in ("3.00", "1.50", "before", "now", "api"))
