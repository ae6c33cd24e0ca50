"""Workflows: the same code by one channel after the other, until the person enters it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from shared.errors import (
    ChannelNotEnabled,
    DeliveryBacklog,
    InvalidRequest,
    OtpError,
    RateLimited,
    StorageUnavailable,
    VerificationNotFound,
)
from shared.logs.request import traced
from shared.policy import CHANNELS, Channel
from shared.recipient import KEPT_ADDRESSES
from shared.verification.model import Started, StartRequest, Turn
from shared.verification.records import Verification, WorkflowStep
from shared.verification.store import Store

log = logging.getLogger("otp.worker")


def start_first(request: StartRequest, start: Callable[[StartRequest], Started]) -> Started:
    """Start the first step of the request's workflow that its channel does not prevent. If every
    channel does, raises the first refusal. Raises any other refusal immediately."""
    workflow = request.turn.workflow if request.turn else ()
    skipped: dict[int, str] = {}
    first: OtpError | None = None
    for number, step in enumerate(workflow, 1):
        turn = Turn(number=number, workflow=workflow, skipped=skipped)
        try:
            return start(replace(request, channel=step.channel, turn=turn))
        except (ChannelNotEnabled, RateLimited, InvalidRequest) as refusal:
            skipped[number] = _reason(refusal)
            if skipped[number] not in ("channel_not_enabled", "budget", "context_text"):
                raise
            first = first or refusal
    raise first or ChannelNotEnabled


class Steps:
    """Starts the later steps of workflows when sweepers find that they are due. `start` is
    VerificationService.start."""

    def __init__(self, store: Store, start: Callable[..., Started]) -> None:
        self._store = store
        self._start = start

    def start_next(self, verification_id: str) -> None:
        """Start the next step of a workflow, or the first one after it that is not refused. Raises
        StorageUnavailable: then sweepers find it again."""
        found = self._store.records(verification_id)
        steps = found.workflow if found and found.status == "pending" else None
        to, context_text = self._store.addressed(verification_id)
        if not found or not steps or to is None or (found.step or 0) >= len(steps):
            self._store.drop_step(verification_id)
            return
        for number, step in list(enumerate(steps, 1))[found.step :]:
            request = partial(_request, found, number, step, to, context_text)
            refusal = self._refusal(found, request)
            if refusal is None or not self._store.skip_step(verification_id, number, refusal):
                return

    def _refusal(self, of: Verification, request: Callable[[], StartRequest]) -> str | None:
        """Start a step. Returns why it was refused, or None if it was not, or is not due, or the
        queue is too long now: then sweepers find it again."""
        try:
            self._start(request(), only=of.verification_id)
        except StorageUnavailable:
            raise
        except (VerificationNotFound, DeliveryBacklog):
            return None
        except OtpError as refusal:
            return _reason(refusal)
        except Exception as error:  # noqa: BLE001 (one step must not end the worker)
            # Without the text of the exception, which may hold the address.
            told = {"verification_id": of.verification_id, "why": type(error).__name__}
            log.error("step_raised", extra={**told, **traced(of.fields.get("trace"))})  # noqa: TRY400
            return "internal_error"
        return None


def _request(
    found: Verification, number: int, step: WorkflowStep, to: str, context_text: str | None
) -> StartRequest:
    """Raises ChannelNotEnabled for a channel of another version."""
    recipient = KEPT_ADDRESSES.either(to)
    channel: Channel | None = next((one for one in CHANNELS if one == step.channel), None)
    if channel is None or (channel == "email") != (recipient.kind == "email"):
        raise ChannelNotEnabled
    return StartRequest(
        recipient=recipient,
        channel=channel,
        app=found.fields.get("app", ""),
        ip=None,
        locale=found.sends[-1].fields.get("locale", "en") if found.sends else "en",
        context_text=context_text,
        turn=Turn(number=number, ip_tag=found.fields.get("ip_tag")),
    )


def _reason(refusal: OtpError) -> str:
    return refusal.errors[0][0] if isinstance(refusal, InvalidRequest) else refusal.rule
