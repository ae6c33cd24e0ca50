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
    assert widths == [186.7, 93.3, 93.3, 46.7]
    assert all(f">{text}</text>" in drawn for text in ("CPU, ms", "api", "worker"))
    assert ">before: 2.00 + 1.00 = 3.00</text>" in drawn
    assert ">now: 1.00 + 0.50 = 1.50</text>" in drawn
