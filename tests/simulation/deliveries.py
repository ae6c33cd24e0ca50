"""What Sixpost promises of delivery: what workers and providers do, and what time does.

Each public method is one thing that happens. It changes the model, and returns what the service has
to answer. Times are in milliseconds.
"""

from collections import Counter
from collections.abc import Mapping

from shared.policy import Policy
from tests.simulation.nouns import Claimed, Send, Verification, Worker
from tests.simulation.tallies import Tallies

MIN_LIFE, LEASE, FENCE, OVERDUE, PUT_OFF, LEFT, STEP = 5_000, 5_000, 5_000, 2_000, 4_000, 500, 500
MOST_ATTEMPTS, LONGEST_BACK_OFF = 8, 30_000
# What senders call every failure here.
ERROR = "simulated"
_EVENTS = {"sent": "accepted"}
_OPEN = ("queued", "sending")


class Deliveries(Tallies):
    """`policies` are those of the apps, and `keep` is how long a verification is kept."""

    def __init__(self, now: int, keep: int, policies: Mapping[str, Policy]) -> None:
        super().__init__(now)
        self.keep, self.kept_until, self.policies = keep, 0, policies
        self.verifications: dict[str, Verification] = {}
        # When sweepers look for a send or the next step, and the jobs that wake workers up.
        self.due: dict[str, float] = {}
        self.timers: dict[str, float] = {}
        self.queue: list[tuple[str, int]] = []
        # What metrics show, and the types of the events for backends.
        self.counts: Counter[str] = Counter()
        self.events: dict[str, str] = {}

    def sweep(self, most: int, most_steps: int) -> list[str]:
        """The overdue sends, and the workflows whose next step is due. While jobs wait in the
        queue, most overdue sends are there too."""
        until = self.now - (PUT_OFF if self.queue else 0)
        overdue = sorted((at, member) for member, at in self.due.items() if at <= until)
        timers = sorted((at, id_) for id_, at in self.timers.items() if at <= self.now)
        members = [member for _, member in overdue[:most]]
        steps = [id_ for _, id_ in timers[:most_steps]]
        self.due |= dict.fromkeys(members, self.now + OVERDUE)
        self.timers |= dict.fromkeys(steps, self.now + STEP)
        return members + [f"{id_}:0" for id_ in steps]

    def take(self, most: int) -> list[str]:
        """Jobs, which expire with their codes."""
        jobs, self.queue = self.queue[:most], self.queue[most:]
        return [member for member, ends in jobs if ends > self.now]

    def claim(self, worker: Worker, member: str, token: str) -> Claimed:
        one, send = self.send(member)
        if not one or not send or send.status not in _OPEN:
            self.due.pop(member, None)
            return Claimed("not_due")
        if send.not_before > self.now:
            return Claimed("not_due")
        if one.status != "pending":
            return self._drop(member, one, send, "dropped", one.status)
        if one.expires - self.now < MIN_LIFE:
            return self._drop(member, one, send, "dropped", "expired")
        if one.generation != send.generation:
            return self._drop(member, one, send, "dropped", "superseded")
        if len(send.attempts) >= MOST_ATTEMPTS:
            return self._drop(member, one, send, "failed", "out_of_attempts")
        if send.outlet not in worker.senders or not worker.has_key:
            return self._leave(member, send)
        refused = {sender for sender, result in send.attempts if result == "refused"}
        names = worker.senders[send.outlet].get(send.channel, ())
        usable = [name for name in names if name not in refused]
        elsewhere = set(send.senders) - set(names) - refused
        ready = [name for name in usable if self.open_until(send.channel, name) <= self.now]
        if usable and not ready:
            send.status = "queued"
            send.not_before = min(self.open_until(send.channel, name) for name in usable)
            self.due[member] = send.not_before
            return Claimed("not_due")
        if not usable and refused and not elsewhere:
            return self._drop(member, one, send, "failed", "no_sender_left")
        if not usable:
            return self._leave(member, send)
        tried = Counter(sender for sender, result in send.attempts if result)
        sender = min(ready, key=lambda name: tried[name])
        self.probe(send.channel, sender, self.now + LEASE)
        send.attempts.append((sender, ""))
        send.status, send.token = "sending", token
        send.not_before = self.due[member] = self.now + LEASE
        untried = sum(name not in tried for name in ready if name != sender)
        return Claimed("claimed", sender, untried, len(usable) - 1 + len(elsewhere))

    def renew(self, member: str, token: str) -> bool:
        _, send = self.send(member)
        if not send or send.token != token:
            return False
        send.not_before = self.now + LEASE
        if member in self.due:
            self.due[member] = send.not_before
        return True

    def record(self, member: str, token: str, number: int, result: str, claimed: Claimed) -> str:
        """Only the holder of a claim may, also after its lease, until another worker claims."""
        one, send = self.send(member)
        if not one or not send or send.token != token:
            return "lost"
        channel, sender = send.channel, claimed.sender
        if self.tell_breaker(channel, sender, result):
            self.counts[f"breaker_opened:{channel}:{sender}"] += 1
        self.counts[f"attempts:{channel}:{sender}:{result}"] += 1
        send.token, send.not_before, send.recorded = "", 0, self.now
        send.attempts[number - 1] = (sender, result)
        reason, retry_in = "", _retry_in(result, number, claimed)
        is_open, has_ended = send.status in _OPEN, send.status in ("failed", "dropped")
        if is_open and result == "accepted":
            send.status = "sent"
            self.counts[f"sum:to_sent:{channel}"] += 1000 * (self.now - send.asked)
        elif is_open and retry_in is not None and self.now + retry_in < one.expires:
            send.status = "queued"
            send.not_before = self.due[member] = self.now + retry_in
            return send.status
        elif is_open:
            send.status = "failed"
            reason = ":unreachable" if result == "unreachable" else f":{ERROR}"
        if has_ended:
            # Another worker has ended it, after the lease.
            self.due.pop(member, None)
        else:
            self._finish(member, one, send, reason)
        return send.status

    def receipt(self, member: str, number: int, outcome: str) -> str:
        """What a provider says later of an attempt. A send only moves forward."""
        one, send = self.send(member)
        assert one
        assert send
        sender, result = send.attempts[number - 1]
        if result == "unknown":
            send.attempts[number - 1] = (sender, "accepted")
        is_latest, reached = number == len(send.attempts), send.status
        is_bad = is_latest and outcome in ("undelivered", "unreachable")
        if outcome == "delivered":
            reached = "delivered"
        elif outcome == "accepted" and is_latest and result and reached == "queued":
            reached = "sent"
        elif is_bad and reached == "queued" and outcome == "undelivered":
            send.not_before, self.due[member] = 0, self.now
        elif is_bad and reached in ("sent", "sending", "queued"):
            reached = "undelivered"
        if reached != send.status:
            send.status = reached
            self.due.pop(member, None)
            self.counts[f"receipts:{send.channel}:{sender}:{reached}"] += 1
            self._tell_of_send(member, one, send)
        return reached

    def pass_time(self, now: int) -> None:
        self.now = now
        for id_ in [i for i, one in self.verifications.items() if one.expires + self.keep <= now]:
            del self.verifications[id_]
        if self.kept_until <= now:
            self.due.clear()
            self.timers.clear()

    def notice_expiries(self) -> list[str]:
        """Backends are told of codes that have expired. Returns the verifications."""
        over = [
            id_
            for id_, one in self.verifications.items()
            if one.status == "pending" and one.expires <= self.now and not one.is_over
        ]
        for id_ in over:
            one = self.verifications[id_]
            self.tell(id_, one, "verification.expired")
            one.is_over = True
        return over

    def send(self, member: str) -> tuple[Verification | None, Send | None]:
        id_, number = member.split(":")
        one = self.verifications.get(id_)
        sends = one.sends[int(number) - 1 :] if one else ()
        return one, sends[0] if sends else None

    def tell(self, id_: str, one: Verification, kind: str) -> None:
        if one.policy.tells_app:
            one.revision += 1
            self.events[f"{id_}-{one.revision}"] = kind
            self.counts["webhooks:written"] += 1

    def waiting_since(self) -> int | None:
        """When the first send in the queue was asked for."""
        sends = (self.send(member)[1] for member, _ in self.queue[:100])
        return next((send.asked for send in sends if send), None)

    def stop_steps(self, id_: str, one: Verification) -> None:
        one.next_step = 0
        self.timers.pop(id_, None)

    def time_step(self, id_: str, one: Verification, at: float) -> None:
        """Start the next step then, unless the code has expired by then."""
        if at >= one.expires:
            self.stop_steps(id_, one)
        else:
            one.next_step = self.timers[id_] = at

    def note_step(self, id_: str, one: Verification, number: int, wait: float) -> None:
        """The step was started or skipped. If there is another one, it starts after the wait."""
        one.step = number
        if number < len(one.steps):
            self.time_step(id_, one, self.now + wait)
        else:
            self.stop_steps(id_, one)

    def _drop(self, member: str, one: Verification, send: Send, *end: str) -> Claimed:
        send.status, reason = end
        self._finish(member, one, send, f":{reason}")
        return Claimed(send.status, reason)

    def _leave(self, member: str, send: Send) -> Claimed:
        send.status, self.due[member] = "queued", self.now + LEFT
        return Claimed("left")

    def _finish(self, member: str, one: Verification, send: Send, reason: str) -> None:
        self.due.pop(member, None)
        self.drained[self.now // 1000] += 1
        self.counts[f"sends:{send.channel}:{send.status}{reason}"] += 1
        if send.status in ("sent", "failed", "dropped"):
            self._tell_of_send(member, one, send)

    def _tell_of_send(self, member: str, one: Verification, send: Send) -> None:
        """If the newest send has failed, the next step starts now."""
        id_ = member.partition(":")[0]
        self.tell(id_, one, f"send.{_EVENTS.get(send.status, send.status)}")
        has_failed = send.status in ("failed", "undelivered") and send is one.sends[-1]
        if has_failed and one.status == "pending" and one.step < len(one.steps):
            self.time_step(id_, one, self.now)


def _retry_in(result: str, number: int, claimed: Claimed) -> float | None:
    if result in ("accepted", "invalid_recipient", "unreachable"):
        return None
    if result == "refused" and not claimed.others:
        return None
    back_off = min(1000 * 2 ** (number - 1), LONGEST_BACK_OFF)
    if result == "unknown":
        return max(back_off, FENCE)
    return 0 if claimed.untried else back_off
