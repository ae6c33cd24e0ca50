"""What workers do. Each step of a delivery is a move, so a worker can crash between any two."""

import json
from typing import Any

from shared.delivery.ledger import Claim
from shared.delivery.queue import read_job
from shared.delivery.webhooks import Attempt
from shared.storage import keys
from tests.simulation import invariants
from tests.simulation.calls import Unavailable, ask
from tests.simulation.clock import BEGIN_MS
from tests.simulation.deliveries import FENCE, LEASE
from tests.simulation.nouns import Claimed
from tests.simulation.walk import Walk
from tests.simulation.world import Handover, Process
from worker.senders.base import Message

# The result that a sender reports, and whether the provider took the message.
_FATES = (
    ("accepted", True),
    ("unknown", True),
    ("unknown", False),
    ("transient", False),
    ("refused", False),
    ("invalid_recipient", False),
    ("unreachable", False),
)
_CHANCES = (50, 10, 6, 16, 8, 3, 3)
# No other worker gets an event for so long.
EVENT_LEASE = 12_000


def _worker(walk: Walk, has: str) -> Process | None:
    found = [one for one in walk.world.workers if getattr(one, has)]
    return walk.random.choice(found) if found else None


def take(walk: Walk) -> None:
    process, most = walk.random.choice(walk.world.workers), walk.random.randint(1, 4)
    try:
        found = ask(walk, process.line, lambda: process.ledger.take(most), faults="lost")
    except Unavailable as error:
        if error.is_done:
            walk.model.take(most)
        walk.tell("take unavailable")
        return
    jobs = [read_job(data) for data in found]
    expected = walk.model.take(most)
    invariants.answered_as_the_model("take", [f"{id_}:{n}" for id_, n in jobs], expected)
    process.jobs += jobs
    walk.tell(f"take {len(jobs)}")


def sweep(walk: Walk) -> None:
    process, most, steps = (
        walk.random.choice(walk.world.workers),
        walk.random.randint(1, 8),
        walk.random.randint(0, 3),
    )
    try:
        jobs = ask(walk, process.line, lambda: process.ledger.sweep(most, steps), faults="lost")
    except Unavailable as error:
        if error.is_done:
            walk.model.sweep(most, steps)
        walk.tell("sweep unavailable")
        return
    expected = walk.model.sweep(most, steps)
    invariants.answered_as_the_model("sweep", [f"{id_}:{n}" for id_, n in jobs], expected)
    process.jobs += [job for job in jobs if job[1]]
    process.steps_due += [id_ for id_, number in jobs if not number]
    walk.tell(f"sweep {len(jobs)}", *(id_ for id_, _ in jobs))


def start_step(walk: Walk) -> None:
    """Of a workflow."""
    process = _worker(walk, "steps_due")
    if not process:
        return
    id_ = process.steps_due.pop(0)
    one = walk.model.verifications.get(id_)
    sends = len(one.sends) if one else 0
    try:
        ask(walk, process.line, lambda: process.steps.start_next(id_))
    except Unavailable:
        walk.tell("step unavailable")
        return
    walk.model.start_step(id_)
    one = walk.model.verifications.get(id_)
    walk.tell(f"step {one.step if one else 'gone'} {(len(one.sends) if one else 0) - sends}", id_)


def claim(walk: Walk) -> None:
    process = _worker(walk, "jobs")
    if not process:
        return
    count = walk.random.randint(1, 3)
    jobs, process.jobs = process.jobs[:count], process.jobs[count:]
    try:
        claims = ask(walk, process.line, lambda: process.deliverer.claim(jobs), faults="lost")
    except Unavailable as error:
        if not error.is_done:
            walk.tell("claim unavailable")
            return
        claims = []
    made = {(one.verification_id, one.send): one for one in claims}
    for job, told in zip(jobs, process.line.answer, strict=True):
        _claimed(walk, process, job, json.loads(told), made)


def _claimed(
    walk: Walk,
    process: Process,
    job: tuple[str, int],
    facts: dict[str, Any],
    made: dict[tuple[str, int], Claim],
) -> None:
    model, (id_, send), word = walk.model, job, facts["outcome"]
    member, sender = f"{id_}:{send}", facts.get("sender") or facts.get("reason", "")
    if word == "claimed":
        invariants.claimed_while_pending(member, model.verifications.get(id_), model.now)
    claim = made.get(job) if word == "claimed" else None
    expected = model.claim(process.knows, member, claim.token if claim else "unheard")
    real = Claimed(word, sender, facts.get("untried", 0), facts.get("others", 0))
    if word == "left":
        real = Claimed(word)
    invariants.answered_as_the_model(f"claim of {member}", real, expected)
    if claim:
        walk.world.leases[claim.token] = model.now + LEASE
        process.claims.append((claim, expected))
    walk.tell(f"claim {word} {sender}", id_)


def attempt(walk: Walk) -> None:
    process = _worker(walk, "claims")
    if not process:
        return
    rng, world = walk.random, walk.world
    claim, claimed = process.claims.pop(rng.randrange(len(process.claims)))
    provider = world.providers[claim.channel, claim.sender]
    provider.fate = rng.choices(_FATES, _CHANCES)[0] if walk.has_faults else _FATES[0]
    provider.messages.clear()
    outcome = process.deliverer.attempt(claim)
    if outcome:
        process.outcomes.append((outcome, claimed))
    for message in provider.messages:
        _handed_over(walk, claim, message, *provider.fate)
    walk.tell(f"attempt {provider.fate[0] if outcome else 'too late'}", claim.verification_id)


def _handed_over(walk: Walk, claim: Claim, message: Message, result: str, taken: bool) -> None:
    world, id_ = walk.world, claim.verification_id
    member = f"{id_}:{claim.send}"
    found = walk.model.verifications.get(id_)
    if taken and found:
        world.inbox[found.ask.person].append(message.code)
    # What a caller made up is known from its start, and a failover may have lost that.
    if not claim.sealed:
        world.codes.setdefault((id_, claim.generation), message.code)
    if claim.token in world.forgotten:
        return
    code = world.codes.get((id_, claim.generation), "")
    said = (message.idempotency_key, message.to, message.code)
    invariants.repeated_alike(member, (f"{id_}-{claim.send}", message.to, code), said)
    earlier = world.handed[member]
    for one in earlier:
        invariants.repeated_alike(member, one.said, said)
    claimed_at = BEGIN_MS + round(claim.asked_at * 1000)
    if walk.model.now > claimed_at + LEASE:
        invariants.handed_over_again_for_a_reason(member, "another worker may have it by now")
    if walk.model.now < world.leases[claim.token]:
        why_not = next(filter(None, (_why_not(walk, one, claimed_at) for one in earlier)), "")
        invariants.handed_over_again_for_a_reason(member, why_not)
    token, number = claim.token, claim.attempt
    earlier.append(Handover(token=token, attempt=number, taken=taken, result=result, said=said))


def _why_not(walk: Walk, one: Handover, claimed_at: int) -> str:
    """Why the provider must not get another one, or nothing."""
    if not one.taken:
        return ""
    if one.recorded_at is None:
        is_held = claimed_at < walk.world.leases[one.token]
        return "another attempt is under way" if is_held else ""
    if one.result != "unknown":
        return "its acceptance is recorded"
    is_fenced = claimed_at < one.recorded_at + FENCE and not one.is_undelivered
    return "its fence has not ended" if is_fenced else ""


def record(walk: Walk) -> None:
    process = _worker(walk, "outcomes")
    if not process:
        return
    count = walk.random.randint(1, 3)
    made, process.outcomes = process.outcomes[:count], process.outcomes[count:]
    outcomes = [outcome for outcome, _ in made]
    due = None
    try:
        due = ask(walk, process.line, lambda: process.deliverer.record(outcomes), faults="lost")
    except Unavailable as error:
        wanted = process.deliverer.still_wanted(outcomes)
        process.outcomes += [one for one in made if one[0] in wanted]
        if not error.is_done:
            walk.tell("record unavailable")
            return
    at_once = []
    for (outcome, claimed), told in zip(made, process.line.answer, strict=True):
        one, model = outcome.claim, walk.model
        member = f"{one.verification_id}:{one.send}"
        status = model.record(member, one.token, one.attempt, outcome.result, claimed)
        invariants.answered_as_the_model(f"record of {member}", told.decode(), status)
        if status == "queued" and outcome.retry_in_seconds == 0:
            at_once.append((one.verification_id, one.send))
        walk.world.note_recorded(member, one.token, model.now if status != "lost" else None)
        walk.tell(f"record {outcome.result} {status}", one.verification_id)
    if due is not None:
        invariants.answered_as_the_model("record", due, at_once)
        process.jobs += due


def renew(walk: Walk) -> None:
    process, model = walk.random.choice(walk.world.workers), walk.model
    hangs_since = walk.world.clock.monotonic() - 30
    claims = [one for one in process.deliverer._claims.values() if one.asked_at > hangs_since]
    try:
        ask(walk, process.line, process.deliverer.renew_leases, faults="lost")
    except Unavailable as error:
        if not error.is_done:
            walk.tell("renew unavailable")
            return
    for one in claims:
        is_held = model.renew(f"{one.verification_id}:{one.send}", one.token)
        if is_held:
            walk.world.leases[one.token] = model.now + LEASE
        walk.tell(f"renew {is_held}", one.verification_id)


def crash(walk: Walk) -> None:
    """With all that the worker has in its memory. Another one starts, maybe with other settings."""
    rng, workers = walk.random, walk.world.workers
    number = rng.randrange(len(workers))
    workers[number] = walk.world.worker(rng.choice((0, 0, 0, 0, 1, 2, 3)))
    walk.tell("crash")


def take_events(walk: Walk) -> None:
    """Notice codes that have expired, and take events for backends."""
    process, model, most = (
        walk.random.choice(walk.world.workers),
        walk.model,
        walk.random.randint(1, 8),
    )
    try:
        taken = ask(walk, process.line, lambda: process.webhooks.take(most), faults="lost")
    except Unavailable as error:
        if error.is_done:
            touched = model.notice_expiries()
            for found in process.line.answer[2]:
                walk.world.event_leases[found[0].decode()] = model.now + EVENT_LEASE
            walk.tell("events lost", *touched)
        return
    touched = model.notice_expiries()
    for event in taken.events:
        if not event.id.startswith("RB"):
            invariants.events_are_true(event.id, event.type, model.events.get(event.id))
            invariants.events_are_true(event.id, event.data["revision"], int(event.id[35:]))
        lease = walk.world.event_leases.get(event.id, 0)
        invariants.answered_as_the_model(f"{event.id} leased", model.now < lease, False)
        walk.world.event_leases[event.id] = model.now + EVENT_LEASE
        process.events.append(event)
    walk.tell(f"events {len(taken.events)}", *touched)


def settle_event(walk: Walk) -> None:
    """The backend answers, or does not."""
    process = _worker(walk, "events")
    if not process:
        return
    rng, model = walk.random, walk.model
    event = process.events.pop(rng.randrange(len(process.events)))
    is_fine = rng.random() < 0.75 or not walk.has_faults
    retry_in = 0 if is_fine else rng.randint(1, 9)
    outcome = Attempt(
        event_id=event.id,
        result="delivered" if is_fine else "failed",
        answer="200" if is_fine else "500",
        retry_in_seconds=retry_in,
        has_failed=not is_fine,
    )
    if is_fine:
        walk.world.told.add(event.id)
    is_known = event.id in model.events
    if event.id.startswith("RB"):
        # The model does not know the events of refused starts, some of which a failover loses.
        is_known = bool(walk.world.redis.exists(keys.webhook(event.id)))
    try:
        ask(walk, process.line, lambda: process.webhooks.settle([outcome]), faults="lost")
    except Unavailable as error:
        if not error.is_done:
            return
    if is_known:
        model.counts[f"webhooks:{outcome.result}"] += 1
        walk.world.event_leases[event.id] = model.now + retry_in * 1000
    walk.tell(f"event {outcome.result}")
