"""What must hold after every step. A broken one raises Violation, which has its name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from shared.policy import Limit
from tests.simulation.nouns import Verification


class Violation(AssertionError):
    def __init__(self, invariant: str, told: str) -> None:
        super().__init__(f"{invariant}: {told}")
        self.invariant = invariant


def _broken(invariant: Callable[..., None], told: str) -> NoReturn:
    raise Violation(invariant.__name__, told)


def answered_as_the_model(move: str, real: object, expected: object) -> None:
    if real != expected:
        _broken(answered_as_the_model, f"{move} was answered {real}, expected {expected}")


def limits_are_exact(real: str, expected: str) -> None:
    """A start is let in or refused exactly as the limits, budgets and guards say."""
    if real != expected:
        _broken(limits_are_exact, f"a start was answered {real}, expected {expected}")


def approved_once(id_: str, approvals: int) -> None:
    if approvals > 1:
        _broken(approved_once, f"{id_} was approved {approvals} times")


def approved_while_pending(id_: str, one: Verification | None, now: int) -> None:
    """Not after its code has expired, and not once it was canceled, replaced or used up."""
    if one is None or one.expires <= now or one.status != "pending":
        told = f"{one.status}, {one.expires - now} ms left" if one else "forgotten"
        _broken(approved_while_pending, f"{id_} was approved: {told}")


def guesses_are_bounded(id_: str, one: Verification | None, compared: int) -> None:
    if one and compared > one.policy.max_checks:
        _broken(guesses_are_bounded, f"{compared} codes were compared with that of {id_}")


def guesses_are_limited(whose: str, times: Sequence[int], windows: Sequence[Limit]) -> None:
    """Of a recipient and of a network, in any window."""
    for limit in windows:
        since = times[-1] - limit.window_seconds * 1000
        count = sum(at > since for at in times)
        if count > limit.count:
            _broken(guesses_are_limited, f"{count} wrong codes of {whose} were compared")


def claimed_while_pending(member: str, one: Verification | None, now: int) -> None:
    if one is None or one.expires <= now or one.status != "pending":
        told = one.status if one else "forgotten"
        _broken(claimed_while_pending, f"{member} was claimed, and its verification is {told}")


def handed_over_again_for_a_reason(member: str, why_not: str) -> None:
    """Only after a crash between the provider's acceptance and its record, or after an unknown
    outcome whose fence has ended."""
    if why_not:
        _broken(handed_over_again_for_a_reason, f"{member}: {why_not}")


def repeated_alike(member: str, first: Sequence[str], again: Sequence[str]) -> None:
    """With the same idempotency key, code and address."""
    if first != again:
        _broken(repeated_alike, f"{member} was handed over as {first}, then as {again}")


def records_are_as_the_model(key: str, real: object, expected: object) -> None:
    if real != expected:
        _broken(records_are_as_the_model, f"{key} is {real}, expected {expected}")


def counts_equal_the_events(real: Mapping[str, int], expected: Mapping[str, int]) -> None:
    different = {
        name: (real.get(name, 0), expected.get(name, 0))
        for name in {*real, *expected}
        if real.get(name, 0) != expected.get(name, 0)
    }
    if different:
        _broken(counts_equal_the_events, f"counted and expected: {different}")


def every_key_expires(endless: Sequence[str]) -> None:
    if endless:
        _broken(every_key_expires, f"without an end: {', '.join(endless)}")


def nothing_secret_is_kept(found: Sequence[str]) -> None:
    """No code anywhere, and a clear address only with a code that can be entered."""
    if found:
        _broken(nothing_secret_is_kept, ", ".join(found))


def only_history_remains(keys: Sequence[str]) -> None:
    if keys:
        _broken(only_history_remains, f"still there after everything has expired: {keys}")


def every_send_ends_in_time(open_sends: Mapping[str, Any]) -> None:
    """In sent, failed or dropped, once a healthy worker exists."""
    if open_sends:
        _broken(every_send_ends_in_time, f"still open: {open_sends}")


def every_event_is_told(missing: Mapping[str, str]) -> None:
    if missing:
        _broken(every_event_is_told, f"not told: {missing}")


def events_are_true(id_: str, real: object, expected: object) -> None:
    if real != expected:
        _broken(events_are_true, f"{id_} says {real}, expected {expected}")
