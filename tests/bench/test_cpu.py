import subprocess
import sys

import pytest

from bench.cpu import Spent, watch

# When told, uses a fifth of a second of CPU time, says so, and waits.
BUSY = """
import sys, time
sys.stdin.readline()
end = time.process_time() + 0.2
while time.process_time() < end: pass
print("done", flush=True)
sys.stdin.read()
"""


def test_tells_what_each_process_used_meanwhile():
    program = subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    def work():
        program.stdin.write(b"\n")
        program.stdin.flush()
        return len(program.stdout.readline()), 1.0

    with program:
        spent = watch({"busy": [program.pid]}, work)
        rest = watch({"busy": [program.pid]}, lambda: (1, 1.0))
        program.stdin.close()
    assert set(spent.cpu) == {"busy", "load"}
    # /proc counts in steps of 10 ms.
    assert 0.18 <= spent.cpu["busy"] <= 0.4
    assert rest.cpu["busy"] <= 0.02


def test_shares_the_time_among_the_units():
    spent = Spent(units=200, per_second=100, cpu={"api": 0.4, "worker": 0.2, "load": 9.0})
    assert spent.each_ms("api", "worker") == pytest.approx(3)
    assert spent.each_ms("api") == pytest.approx(2)
