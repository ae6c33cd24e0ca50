"""What the doctor says if the program that tries the senders does not end as it should."""

import shlex

from api.doctor import senders


def found(script: str, **more: float) -> list[tuple[str, str]]:
    return [*senders.found(["sh", "-c", script], **more)]


def printing(*lines: str) -> str:
    return f"printf '%s\\n' {shlex.join(lines)}"


TOLD = "ok       sms a: fine", "WRONG    sms b: refused"
FOUND = [("ok", "sms a: fine"), ("wrong", "sms b: refused")]


def test_passes_on_what_it_prints():
    assert found(f"{printing(*TOLD)}; exit 1") == FOUND


def test_a_crash_is_no_good_sign():
    """Python's status for it is 1, as for a wrong sender."""
    failed = ("unknown", "senders: python -m worker.credentials failed")
    assert found("echo Traceback >&2; exit 1") == [failed]
    assert found(f"{printing(TOLD[0])}; exit 1") == [FOUND[0], failed]


def test_providers_that_hang_do_not_hide_the_others():
    late = ("unknown", "senders: not all were tried within 2 s")
    assert found(f"{printing(*TOLD)}; exec sleep 60", seconds=2) == [*FOUND, late]
