"""What people, apps and the owner do."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from shared.errors import (
    InvalidRequest,
    OtpError,
    RateLimited,
    StorageUnavailable,
    TooManyChecks,
    VerificationNotFound,
)
from shared.policy import Step
from shared.recipient import Recipient
from shared.verification.admission import recipient_tags
from shared.verification.model import (
    CallerCode,
    ExtraLimit,
    Idempotency,
    Started,
    StartRequest,
    Terms,
    Turn,
    seconds,
)
from tests.simulation import invariants, scene
from tests.simulation.calls import Unavailable, ask
from tests.simulation.nouns import Answer, Ask, Verification
from tests.simulation.walk import Walk

_APPS = tuple(scene.ACCOUNTS)


def _person(to: str) -> Recipient:
    return next(person for person in scene.PEOPLE if person.to == to)


def _asked(walk: Walk, app: str, person: Recipient, channel: str) -> Ask:
    return Ask(
        app=app,
        account=scene.ACCOUNTS[app],
        to=person.to,
        counted=person.counted_as,
        country=person.region or "none",
        channel=channel,
        ip=walk.random.choice(scene.IPS),
        outlet=scene.OUTLETS[app],
    )


def _channel(walk: Walk, person: Recipient) -> str:
    return walk.random.choice(("sms", "sms", "call")) if person.kind == "phone" else "email"


def start(walk: Walk) -> None:
    rng = walk.random
    app, person = rng.choice(_APPS), rng.choice(scene.PEOPLE)
    asked = _asked(walk, app, person, _channel(walk, person))
    if rng.random() < 0.3:
        # The same key, also for other requests, for ten minutes.
        asked = replace(asked, key=f"{walk.model.now // 600_000} {rng.choice('ab')}")
    if app == scene.SERVICE:
        asked = replace(asked, own_code=rng.random() < 0.3, own_limit=True)
    elif rng.random() < 0.15:
        asked = replace(asked, context="payment")
    request = _request(walk, asked, person)
    known = {id_: len(one.sends) for id_, one in walk.model.verifications.items()}
    id_ = _start(walk, asked, partial(walk.world.service.start, request))
    one = walk.model.verifications.get(id_)
    if request.caller_code and one and len(one.sends) > known.get(id_, 0):
        walk.world.codes[id_, one.generation] = request.caller_code.code


def _request(walk: Walk, asked: Ask, person: Recipient) -> StartRequest:
    terms, own = None, None
    if asked.app == scene.SERVICE:
        limit = ExtraLimit(id="RK", name="by_ip", value=asked.ip, windows=scene.OWN_LIMIT)
        policy = walk.model.policies[asked.app]
        account = asked.account
        terms = Terms(policy=policy, account=account, app_name="Shop", extra_limits=[limit])
    if asked.own_code:
        own = CallerCode(code=f"{walk.random.randrange(10**scene.CODE_LENGTH):010}")
    key = Idempotency(keys=(asked.key,), request="\n".join(asked.request))
    return StartRequest(
        recipient=person,
        channel=asked.channel,  # type: ignore[arg-type]
        app=asked.app,
        ip=asked.ip,
        locale="en",
        context=asked.context or None,
        idempotency=key if asked.key else None,
        terms=terms,
        caller_code=own,
    )


def start_workflow(walk: Walk) -> None:
    rng = walk.random
    app, person = rng.choice(("alpha", "beta")), rng.choice(scene.PEOPLE[:-2])
    steps = rng.choice(scene.WORKFLOWS)
    asked = replace(_asked(walk, app, person, steps[0][0]), steps=steps)
    workflow = tuple(Step(channel, wait // 1000 or None) for channel, wait in steps)  # type: ignore[arg-type]
    request = replace(_request(walk, asked, person), turn=Turn(number=1, workflow=workflow))
    # It tries several channels, so if an answer got lost, it would not be known which one's.
    _start(walk, asked, partial(walk.world.service.start, request), faults="")


def resend(walk: Walk) -> None:
    """As on the page of a verification, which does not know the address."""
    service, id_ = walk.world.service, walk.any_verification()
    one = walk.model.verifications.get(id_)
    if one is None:
        return
    app, person = one.ask.app, _person(one.ask.to)
    channel: Any = _channel(walk, person)
    asked = replace(_asked(walk, app, person, channel), only=id_)
    if one.status == "pending" and one.expires > walk.model.now:
        again = partial(service.resend, id_, channel, app=app, ip=asked.ip, locale="en")
        _start(walk, asked, again)


def _start(walk: Walk, asked: Ask, run: Callable[[], Started], faults: str = "lost late") -> str:
    """Returns the verification that was started or sent again."""
    line, model = walk.world.line, walk.model
    try:
        answer = ask(walk, line, partial(_answer, run), faults=faults)
    except Unavailable as error:
        if not error.is_done or b"needs_code" in (line.answer or b""):
            walk.tell("start unavailable")
            return ""
        answer = None
    new_id = _id_in(line.answer)
    expected = (model.start_workflow if asked.steps else model.start)(asked, new_id)
    word, wait = expected
    if word == "backlog":
        wait = min(60, seconds(wait))
    elif wait:
        wait = seconds(wait)
    if answer:
        invariants.limits_are_exact(str(tuple(answer)), str((word, wait)))
    id_ = word.removeprefix("started ").partition(":")[0] if "started" in word else ""
    told = f"{'start' if answer else 'start lost'} {word.partition(' ')[0]}"
    kind = f"{asked.app[:5]}{' workflow' * bool(asked.steps)}{' own' * asked.own_code}"
    touched = [one for one in (id_, asked.only, *walk.open_of(asked.to)) if one]
    walk.tell(f"{told} {kind} {asked.channel}", *touched)
    return id_


def _id_in(answer: Any) -> str:
    if isinstance(answer, list):
        return str(answer[0].decode())
    return str(json.loads(answer).get("verification_id") or "") if answer else ""


def _answer(run: Callable[[], Started]) -> Answer:
    try:
        started = run()
    except StorageUnavailable:
        raise
    except OtpError as error:
        word = error.rule
        if word == "idempotency_conflict":
            word = "conflict"
        elif word == "verification_not_found":
            word = "not_found"
        return Answer(word, getattr(error, "retry_after", 0))
    return Answer(f"started {started.verification_id}:{started.send}")


def check(walk: Walk) -> None:
    rng, world, model = walk.random, walk.world, walk.model
    app, person, ip = rng.choice(_APPS), rng.choice(scene.PEOPLE), rng.choice(scene.IPS)
    known = model.verifications.get(walk.any_verification())
    if known and rng.random() < 0.9:
        app, person = known.ask.app, _person(known.ask.to)
    by_id = rng.random() < 0.5
    id_ = walk.any_verification() if by_id else model.open.get((app, person.to), "")
    one = model.verifications.get(id_)
    if by_id and one is None:
        return
    if by_id and one and rng.random() < 0.95:
        app = one.ask.app
    typed = _typed(walk, one.ask.person if one else (app, person.to))
    is_right = bool(one) and typed == world.codes.get((id_, one.generation))
    find: dict[str, Any] = {"verification_id": id_} if by_id else {"recipient": person}
    account = scene.ACCOUNTS[app] if app == scene.SERVICE else None
    run = partial(world.service.check, typed, app=app, ip=ip, account=account, **find)
    try:
        answer = ask(walk, world.line, partial(_checked, run), faults="lost late")
    except Unavailable as error:
        if not error.is_done:
            walk.tell("check unavailable")
            return
        answer = None
    told = world.line.answer
    if isinstance(told, list):
        walk.compared[id_] += 1
        invariants.guesses_are_bounded(id_, one, walk.compared[id_])
        if told[0] == b"approved":
            _approved(walk, id_)
        else:
            _guessed(walk, app, scene.NETWORKS[ip], one)
    expected = model.check(app, id_, scene.NETWORKS[ip], len(typed), is_right=is_right)
    word, wait = expected
    if word == "not_found" and len(typed) != scene.CODE_LENGTH and account is None:
        word = "malformed"
    if answer:
        wait = seconds(wait) if wait or word == "used_up" else 0
        invariants.answered_as_the_model("check", tuple(answer), (word, wait))
    walk.tell(f"{'check' if answer else 'check lost'} {word}", id_)


def _checked(run: Callable[[], Any]) -> Answer:
    try:
        checked = run()
    except VerificationNotFound:
        return Answer("not_found")
    except InvalidRequest:
        return Answer("malformed")
    except RateLimited as error:
        return Answer(error.rule, error.retry_after)
    except TooManyChecks as error:
        return Answer("used_up", error.retry_after)
    return Answer("approved" if checked.approved else "incorrect")


def _typed(walk: Walk, person: tuple[str, str]) -> str:
    """What the person enters: mostly the last code that came, or an old or a wrong one."""
    rng, received = walk.random, walk.world.inbox[person]
    chance = rng.random()
    if chance < 0.55 and received:
        return received[-1]
    if chance < 0.7 and received:
        return rng.choice(received[-8:])
    return "1" * (scene.CODE_LENGTH if chance < 0.95 else 6)


def _approved(walk: Walk, id_: str) -> None:
    walk.approvals[id_] += 1
    invariants.approved_once(id_, walk.approvals[id_])
    one = walk.model.verifications.get(id_)
    invariants.approved_while_pending(id_, one, walk.model.now)
    # A right code clears the recipient's wrong ones.
    if one:
        walk.guesses.pop(f"{one.ask.app} {one.ask.to}", None)


def _guessed(walk: Walk, app: str, network: str, one: Verification | None) -> None:
    account, guesses = scene.ACCOUNTS[app], walk.guesses
    policy = walk.model.policies[account]
    for whose, windows in (
        (f"{app} {one.ask.counted if one else ''}", (policy.max_failed_checks,)),
        (f"{account} {network}", policy.failed_ip),
    ):
        guesses[whose].append(walk.model.now)
        invariants.guesses_are_limited(whose, guesses[whose], windows)


def end(walk: Walk) -> None:
    rng, world = walk.random, walk.world
    id_ = walk.any_verification()
    one = walk.model.verifications.get(id_)
    if one is None:
        return
    app = one.ask.app if rng.random() < 0.95 else rng.choice(_APPS)
    status = "approved" if rng.random() < 0.2 else "canceled"

    def run() -> Answer:
        try:
            world.service.end(id_, status, app=app)  # type: ignore[arg-type]
        except VerificationNotFound:
            return Answer("not_found")
        return Answer(status)

    try:
        answer = ask(walk, world.line, run, faults="lost")
    except Unavailable as error:
        if not error.is_done:
            walk.tell("end unavailable")
            return
        answer = None
    if status == "approved" and world.line.answer:
        _approved(walk, id_)
    expected = walk.model.end(app, id_, status)
    if answer:
        invariants.answered_as_the_model("end", answer, expected)
    walk.tell(f"{'end' if answer else 'end lost'} {expected.word}", id_)


def erase(walk: Walk) -> None:
    """As DELETE /recipients."""
    world, person = walk.world, walk.random.choice(scene.PEOPLE)
    store, codes = world.core.store, world.core.codes
    if world.is_broken(world.line):
        return
    apps = store.apps()
    tags = [tag for app in apps for tag in recipient_tags(codes, app, person.to)]
    counted = [codes.tag(app, person.counted_as) for app in apps]
    touched = [id_ for id_, one in walk.model.verifications.items() if one.ask.to == person.to]
    try:
        ask(walk, world.line, partial(store.erase, tags, counted), faults="lost")
    except Unavailable as error:
        if not error.is_done:
            return
    walk.model.erase(person.to, person.counted_as)
    for app in _APPS:
        walk.guesses.pop(f"{app} {person.counted_as}", None)
    walk.tell("erase", *touched)
