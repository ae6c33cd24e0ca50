"""What workflows, events and receipts cost: the CPU time of a verification in a service that has
one of them, next to the same service without; and how soon a message is at its provider while
endpoints for events hang."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench import hanging, workers
from bench.cpu import Spent
from bench.figures import Figure, is_noisy, ratio
from bench.provider import Provider
from bench.stands import SERVICE, Stands
from tests.chaos.backend import SECRET, Backend

_PEOPLE = 32
_ROUNDS = 3
_SECONDS = 1.0
_OWN = workers.own(64)


def figures(folder: Path) -> Iterator[Figure]:
    pipe = folder / "codes"
    os.mkfifo(pipe)
    with ExitStack() as running:
        provider = running.enter_context(Provider(folder, pipe))
        backend = Backend(folder)
        running.callback(backend.program.kill)
        services: Mapping[str, Mapping[str, str]] = {
            "none": {},
            "events": backend.env("/takes"),
            "receipts": {
                "OTP_RECEIPT": "true",
                "OTP_PUBLIC_URL": "https://otp.example",
                "OTP_WEBHOOK_SECRET": SECRET,
                "OTP_DATA_DIR": str(folder),
            },
            # Approved before the second step.
            "workflow": {"OTP_WORKFLOW": "sms 45s, call", "OTP_CALL_SENDERS": "console://"},
        }
        stands = Stands(running, folder, pipe, provider.env(), provider.pid)
        for name, env in services.items():
            stands.add(name, "api", [_OWN], _PEOPLE, env=env)
        yield from _costs(stands.rounds(_ROUNDS, _SECONDS))
    yield from hanging.figures(folder)


def _costs(seen: Mapping[str, list[Spent]]) -> Iterator[Figure]:
    ms = {name: [spent.each_ms(*SERVICE) for spent in rounds] for name, rounds in seen.items()}
    for name, rounds in seen.items():
        parts = [median(spent.each_ms(process) for spent in rounds) for process in SERVICE]
        yield Figure(
            name=f"CPU per verification with {name}: {' + '.join(SERVICE)}",
            value=f"{' + '.join(f'{part:.2f}' for part in parts)} = {sum(parts):.2f} ms",
            noisy=is_noisy(ms[name]),
        )
    for name in list(ms)[1:]:
        yield Figure(
            name=f"CPU per verification with {name}, against none",
            value=f"{ratio(ms[name], ms['none']):.2f}",
        )
