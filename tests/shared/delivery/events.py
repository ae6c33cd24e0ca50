"""What tests do with the events for an app's backend."""

from typing import Any

from shared.delivery.webhooks import Attempt, Event, Webhooks
from tests.user import User

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


ENV = {
    "OTP_WEBHOOK_URL": "https://shop.example/events",
    "OTP_WEBHOOK_SECRET": SECRET,
    "OTP_MAX_CHECKS": "1",
    "OTP_RESEND_SECONDS": "0",
}


def delivered(event: Event) -> Attempt:
    return Attempt(event_id=event.id, result="delivered", answer="200")


def failed(event: Event, **facts: Any) -> Attempt:
    return Attempt(event_id=event.id, result="failed", answer="503", has_failed=True, **facts)


def ask_many(user: User, count: int, *, first: int = 0, app: str = "default") -> None:
    for n in range(first, first + count):
        user.ask(f"+1415555{1000 + n}", ip=f"192.0.2.{n}", app=app)


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def take_all(webhooks: Webhooks) -> list[Event]:
    """The events that are due, as an endpoint that takes all gets them."""
    found: list[Event] = []
    next_in: float | None = 0
    while next_in == 0:
        taken = webhooks.take(100)
        events, next_in = taken.events, taken.next_in_seconds
        webhooks.settle(map(delivered, events))
        found += events
        # Their places are free now.
        next_in = 0 if events else next_in
    return sorted(found, key=lambda event: event.data.get("revision", 0))
