"""What Sixpost promises, without Redis, threads, retries or lost answers.

Each public method of Model is one thing that happens to the service. It changes the model, and
returns what the service has to answer. Times are in milliseconds. Only the nouns of a policy come
from the product. This file says what people and apps do, deliveries.py what workers and providers
do, and tallies.py has the arithmetic of limits.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from shared.policy import Policy
from tests.simulation.deliveries import FENCE, OVERDUE, Deliveries
from tests.simulation.nouns import Answer, Ask, Send, Verification
from tests.simulation.tallies import DAY

REMEMBERED, TRUSTED = DAY, 30 * DAY
# Refusals of a first step that lead to the next one.
_SKIPPED_AT_FIRST = ("channel_not_enabled", "budget")


class _Found(NamedTuple):
    """What a start finds: the recipient's open verification, which is sent `again` or `replaced`.
    `is_next` says that the start is the next step of its workflow."""

    id_: str
    live: Verification | None
    again: Verification | None
    replaced: Verification | None
    is_next: bool


class Model(Deliveries):
    """`accounts` are those of apps, and `senders` those that the API knows, by channel."""

    def __init__(
        self,
        now: int,
        keep: int,
        policies: Mapping[str, Policy],
        accounts: Mapping[str, str],
        senders: Mapping[str, tuple[str, ...]],
    ) -> None:
        super().__init__(now, keep, policies)
        self.accounts, self.senders = accounts, senders
        self.open: dict[tuple[str, str], str] = {}
        self.trusted: dict[tuple[str, str], int] = {}
        self.remembered: dict[tuple[str, str], tuple[int, tuple[str, ...], Answer]] = {}

    def start(self, ask: Ask, new_id: str) -> Answer:
        """Everything is checked before anything is written."""
        policy, now = self.policies[ask.app], self.now
        if ask.channel not in policy.channels:
            self.counts["refused:channel_not_enabled"] += not ask.step
            return Answer("channel_not_enabled")
        kept = self.remembered.get((ask.app, ask.key))
        if kept and kept[0] > now:
            return kept[2] if kept[1] == ask.request else Answer("conflict")
        found = self._find(ask)
        if refusal := self._refusal(ask, found, policy) or self._limited(ask, found, policy):
            return refusal
        answer = self._let_in(ask, found, policy, new_id)
        if ask.key:
            self.remembered[ask.app, ask.key] = (now + REMEMBERED, ask.request, answer)
        return answer

    def _find(self, ask: Ask) -> _Found:
        """A code for one context is none for another: its verification is replaced."""
        id_ = self.open.get(ask.person, "")
        live = self.live(id_)
        pending = live if live and live.status == "pending" else None
        is_replaced = pending is not None and not ask.only and pending.ask.context != ask.context
        again = None if is_replaced else pending
        return _Found(id_, live, again, pending if is_replaced else None, _is_next(again, ask))

    def _refusal(self, ask: Ask, found: _Found, policy: Policy) -> Answer | None:
        """For what the recipient has had."""
        id_, live, again = found[:3]
        if wait := self.wait(("failed", ask.app, ask.counted), policy.max_failed_checks):
            return self._refused("failed_checks", wait)
        if live and live.status == "max_attempts_reached" and ask.account != ask.app:
            return self._refused("sends", live.expires - self.now)
        by_timer = bool(ask.step and not ask.steps)
        if by_timer and not (again and id_ == ask.only):
            return self._not_due(ask.only)
        if by_timer and again and not (found.is_next and 0 < again.next_step <= self.now):
            return Answer("not_found")
        if again and len(again.sends) >= again.policy.max_sends:
            return self._refused("sends", again.expires - self.now)
        at = self._resend_at(live, ask, found.is_next, by_timer) if live else 0
        if at > self.now and by_timer and again:
            self.time_step(id_, again, at)
            return Answer("not_found")
        return self._refused("resend", at - self.now) if at > self.now else None

    def _limited(self, ask: Ask, found: _Found, policy: Policy) -> Answer | None:
        """By limits, budgets, guards and the queue."""
        for key, windows in self.limits(ask, policy):
            if wait := self.wait(key, *windows):
                return self._refused(key[0], wait)
        if not self.budget_left(ask, policy):
            return self._refused("budget", self.until_tomorrow())
        is_trusted = self.trusted.get(ask.person, 0) > self.now
        for kind, name, limit in () if is_trusted else self.guards_of(ask, policy):
            if self.is_held(name, limit, policy.guard.percent):
                self.counts["webhooks:written"] += policy.tells_app
                return self._refused(f"guard_{kind}")
        ttl = policy.ttl_seconds * 1000
        bearable = ttl / (8 if found.again else 4)
        backlog = self.backlog(self.waiting_since(), len(self.queue), ttl / 32)
        if backlog > bearable:
            return self._refused("backlog", backlog - bearable)
        is_other = ask.only and not (found.again and found.id_ == ask.only)
        return Answer("not_found") if is_other else None

    def _let_in(self, ask: Ask, found: _Found, policy: Policy, new_id: str) -> Answer:
        for key, windows in self.limits(ask, policy):
            self.note(key, *windows)
        if ask.channel in policy.budget:
            self.spend(ask)
        for _, name, limit in self.guards_of(ask, policy):
            self.watch(name, limit, "sent")
        if found.replaced:
            self._end(found.id_, found.replaced, "canceled")
        id_, one = found.id_, found.again
        if one is None:
            id_, one = new_id, self._begin(ask, policy, new_id)
        elif ask.own_code or (one.policy.resend_code == "new" and not found.is_next):
            one.generation = len(one.sends)
        self._send(ask, id_, one, policy.ttl_seconds * 1000)
        if found.is_next or ask.steps:
            # The limits of later steps count the address of the request that brought them.
            one.ip = ask.ip if ask.steps else one.ip
            one.steps, number = ask.steps or one.steps, ask.step or one.step + 1
            self.note_step(id_, one, number, one.steps[number - 1][1])
        return Answer(f"started {id_}:{len(one.sends)}")

    def start_workflow(self, ask: Ask, new_id: str) -> Answer:
        """The first step that its channel does not prevent."""
        first = None
        for number, (channel, _) in enumerate(ask.steps, 1):
            answer = self.start(replace(ask, channel=channel, step=number), new_id)
            if answer.word not in _SKIPPED_AT_FIRST:
                return answer
            first = first or answer
        assert first
        return first

    def start_step(self, id_: str) -> None:
        """The next step of a workflow, or the first one after it that is not refused."""
        one = self.live(id_)
        if not one or one.status != "pending" or one.step >= len(one.steps):
            self.timers.pop(id_, None)
            return
        for number, (channel, _) in list(enumerate(one.steps, 1))[one.step :]:
            ask = replace(one.ask, channel=channel, step=number, only=id_, ip=one.ip)
            answer = self.start(replace(ask, key="", steps=()), "")
            if answer.word.partition(" ")[0] in ("started", "not_found", "backlog"):
                return
            self.note_step(id_, one, number, 0)

    def check(self, app: str, id_: str, network: str, digits: int, *, is_right: bool) -> Answer:
        """A typed code is counted before it is compared."""
        one, account = self.live(id_), self.accounts[app]
        policy = self.policies[account]
        from_network = ("network", account, network)
        if wait := self.wait(from_network, *policy.failed_ip):
            return self._refused("failed_ip", wait)
        if not one or one.ask.app != app or one.status in ("approved", "canceled"):
            self.counts["checks:none:not_found"] += 1
            return Answer("not_found")
        failed = ("failed", app, one.ask.counted)
        locked = self.wait(failed, policy.max_failed_checks)
        if locked or one.status == "max_attempts_reached":
            self.counts["refused:failed_checks"] += locked > 0
            again = one.sends[-1].asked + one.policy.resend_seconds * 1000
            again = again if account == app else one.expires
            return Answer("used_up", max(locked, again - self.now))
        if digits != one.policy.code_length and account == app:
            return Answer("malformed")
        one.checks_left -= 1
        if is_right:
            self._approve(id_, one)
            return Answer("approved")
        self.counts[f"checks:{one.sends[-1].channel}:incorrect"] += 1
        self.note(failed, policy.max_failed_checks)
        self.note(from_network, *policy.failed_ip)
        if one.checks_left == 0:
            self._end(id_, one, "max_attempts_reached")
        return Answer("incorrect")

    def end(self, app: str, id_: str, status: str) -> Answer:
        """The app cancels a verification, or approves it without a code."""
        one = self.live(id_)
        if not one or one.ask.app != app or one.status != "pending":
            return Answer("not_found")
        if status == "approved":
            self._approve(id_, one)
        else:
            self._end(id_, one, status)
            self.open.pop(one.ask.person, None)
        return Answer(status)

    def erase(self, to: str, counted: str) -> None:
        """All that is known of a person."""
        for id_ in [id_ for id_, one in self.verifications.items() if one.ask.to == to]:
            one = self.verifications.pop(id_)
            self.timers.pop(id_, None)
            for number in range(1, len(one.sends) + 1):
                self.due.pop(f"{id_}:{number}", None)
            for number in range(1, one.revision + 1):
                self.events.pop(f"{id_}-{number}", None)
        for app in self.policies:
            self.open.pop((app, to), None)
            self.trusted.pop((app, to), None)
            for key in (("failed", app, counted), ("to", app, counted)):
                self.times.pop(key, None)

    def live(self, id_: str) -> Verification | None:
        one = self.verifications.get(id_)
        return one if one and one.expires > self.now else None

    def _begin(self, ask: Ask, policy: Policy, id_: str) -> Verification:
        expires, checks = self.now + policy.ttl_seconds * 1000, policy.max_checks
        begun = Verification(ask=ask, policy=policy, expires=expires, checks_left=checks)
        self.verifications[id_] = begun
        self.open[ask.person] = id_
        self.counts[f"started:{ask.channel}"] += 1
        self.kept_until = max(self.kept_until, expires + self.keep)
        return begun

    def _send(self, ask: Ask, id_: str, one: Verification, ttl: int) -> None:
        send = Send(
            channel=ask.channel,
            asked=self.now,
            generation=one.generation,
            outlet=ask.outlet,
            senders=self.senders[ask.channel],
        )
        one.sends.append(send)
        if len(one.sends) == 1:
            self.tell(id_, one, "verification.started")
        member = f"{id_}:{len(one.sends)}"
        self.due[member] = self.now + OVERDUE
        self.queue.append((member, self.now + ttl))
        self.counts[f"sends_requested:{ask.channel}"] += 1
        self.counts[f"country:{ask.country}:requested"] += 1

    def _end(self, id_: str, one: Verification, status: str) -> None:
        one.status = status
        self.stop_steps(id_, one)
        self.tell(id_, one, f"verification.{status}")

    def _approve(self, id_: str, one: Verification) -> None:
        ask, channel = one.ask, one.sends[-1].channel
        self._end(id_, one, "approved")
        self.open.pop(ask.person, None)
        # On some servers, ann+x is somebody else, so only the plain address clears the count.
        self.times.pop(("failed", *ask.person), None)
        self.trusted[ask.person] = self.now + TRUSTED
        self.counts[f"checks:{channel}:approved"] += 1
        self.counts[f"country:{ask.country}:approved"] += 1
        self.counts[f"sum:to_approved:{channel}"] += 1000 * (self.now - one.sends[0].asked)
        for _, name, limit in self.guards_of(ask, self.policies[ask.account]):
            self.watch(name, limit, "verified")

    def _refused(self, rule: str, wait: float = 0) -> Answer:
        self.counts[f"refused:{rule}"] += 1
        return Answer(rule, wait)

    def _not_due(self, id_: str) -> Answer:
        """A timer that comes too early, or whose verification is not the open one any more."""
        if one := self.verifications.get(id_):
            self.stop_steps(id_, one)
        return Answer("not_found")

    def _resend_at(self, one: Verification, ask: Ask, is_next: bool, by_timer: bool) -> float:
        """After a send that has failed, each channel only waits for its own last send. The next
        step waits until no earlier message can arrive that no provider has confirmed."""
        pause = one.policy.resend_seconds * 1000
        own = (send.asked + pause for send in one.sends if send.channel == ask.channel)
        if is_next:
            fence = max((_fenced_until(send) for send in one.sends), default=0)
            return fence if by_timer else max(fence, *own, 0)
        if one.status == "pending" and one.sends[-1].status in ("failed", "undelivered"):
            return max(own, default=0)
        return one.sends[-1].asked + pause


def _is_next(one: Verification | None, ask: Ask) -> bool:
    """Whether a start is the next step of a workflow."""
    steps = one.steps[one.step : one.step + 1] if one and not ask.steps else ()
    return bool(steps) and steps[0][0] == ask.channel and (not ask.step or ask.step == one.step + 1)


def _fenced_until(send: Send) -> float:
    is_unknown = send.attempts and send.attempts[-1][1] == "unknown"
    return send.recorded + FENCE if is_unknown else 0
