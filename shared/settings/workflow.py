"""Workflows as text: the channels of a code in order, and how long each has."""

import re

from shared.policy import CHANNELS, SECONDS, Channel, Step, Workflow, problem_of

_SUCH = "whatsapp 30s, sms 45s, call"
_CHANNELS: dict[str, Channel] = {channel: channel for channel in CHANNELS}


def read(given: object) -> Workflow:
    """A workflow from its text. `none` means none, and one that was read before stays as it is.
    Raises ValueError, which names the step."""
    if isinstance(given, tuple):
        return given
    if not isinstance(given, str):
        raise ValueError(f"expected text such as {_SUCH}")  # noqa: TRY004 (pydantic catches it)
    if given.strip() == "none":
        return ()
    workflow = tuple(_step(n, text) for n, text in enumerate(given.split(","), 1))
    if problem := problem_of(workflow):
        number, _, told = problem
        raise ValueError(f"step {number}: {told}" if number else told)
    return workflow


def _step(number: int, text: str) -> Step:
    found = re.fullmatch(r"([a-z]+)(?:\s+([0-9]{1,4})([smhd]))?", text.strip())
    channel = _CHANNELS.get(found[1]) if found else None
    if not found or not channel:
        raise ValueError(
            f"step {number}: expected one of {', '.join(_CHANNELS)} and a wait, as in {_SUCH}"
        )
    return Step(channel, int(found[2]) * SECONDS[found[3]] if found[2] else None)
