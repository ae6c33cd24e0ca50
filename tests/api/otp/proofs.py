"""Proofs of work, as a browser makes them."""

import base64
import json

import altcha

from tests.conftest import Caller
from tests.user import PHONE


def challenge(caller: Caller, phone: str = PHONE, **body) -> altcha.Challenge:
    return altcha.Challenge.from_dict(caller.generate(phone, **body).json["challenge"])


def solved(challenge: altcha.Challenge) -> str:
    solution = altcha.solve_challenge(challenge)
    assert solution
    return altcha.Payload(challenge, solution).to_base64()


def changed(proof: str, **changes) -> str:
    """The proof with other members, named by their path."""
    payload = json.loads(base64.b64decode(proof))
    for path, value in changes.items():
        *way, last = path.split("__")
        place = payload
        for step in way:
            place = place[step]
        place[last] = value
    return base64.b64encode(json.dumps(payload).encode()).decode()
