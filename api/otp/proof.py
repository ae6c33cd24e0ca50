"""Proof of work (ALTCHA): what a browser computes before the public page sends a code."""

import secrets
import time

from altcha import Payload, create_challenge, verify_solution

from shared.codes import Codes
from shared.errors import ProofOfWorkRequired
from shared.policy import PAGE_APP
from shared.recipient import Recipient
from shared.verification.model import Proof
from shared.verification.store import GuardCount, Store

ALGORITHM = "PBKDF2/SHA-256"
# The rounds of one try. With far fewer a browser would spend more time on the calls than on the
# work, which an attacker's own program does not. The server computes one try per challenge.
ROUNDS = 5000
# The lowest price: the try to be found is one of so many, and half of them are made on average.
TRIES = 1000
_LIFE_SECONDS = 300

MOST_DOUBLINGS = 4
# People get codes on mobile numbers. Fraudsters own others by the block.
_CHEAP_TYPES = {"mobile", "fixed_line_or_mobile"}
_NOT_MOBILE = 2
# A doubling for each of these numbers of messages to the range without a verified number.
_WASTED_IN_RANGE = (3, 6, 12)
# A doubling for each of these shares of verified numbers that the country falls short of, after
# enough messages.
_SHARES_IN_COUNTRY = (0.5, 0.25, 0.1)
_FEW_IN_COUNTRY = 20


class ProofOfWork:
    """Work that callers of the public page have to do, more of it for numbers whose owners rarely
    enter their codes. A proof is valid for one recipient, one start and five minutes."""

    def __init__(self, codes: Codes, store: Store) -> None:
        self._codes = codes
        self._store = store

    def check(self, app: str, recipient: Recipient, proof: str | None) -> Proof | None:
        """The proof that the start uses up. Returns None if the app has a key. Raises
        ProofOfWorkRequired if the proof is missing, wrong, too old or another recipient's."""
        if app != PAGE_APP:
            return None
        for secret in self._codes.proof_secrets(app, recipient.to):
            if proof and verify_solution(proof, secret).verified:
                nonce = Payload.from_base64(proof).challenge.parameters.nonce
                # Twice as long as a challenge, because clocks of machines can differ.
                return Proof(id=nonce, ends_in_seconds=2 * _LIFE_SECONDS)
        raise self.required(app, recipient)

    def required(self, app: str, recipient: Recipient) -> ProofOfWorkRequired:
        """With a new challenge at the current price."""
        challenge = create_challenge(
            ALGORITHM,
            ROUNDS,
            counter=secrets.randbelow(TRIES << self._doublings(app, recipient)),
            expires_at=int(time.time()) + _LIFE_SECONDS,
            hmac_secret=self._codes.proof_secrets(app, recipient.to)[0],
        )
        return ProofOfWorkRequired(challenge.to_dict())

    def _doublings(self, app: str, recipient: Recipient) -> int:
        if recipient.range is None:
            return 0
        in_range, in_country = self._store.guards(
            f"{app}:range:{recipient.range}", f"{app}:country:{recipient.region or 'none'}"
        )
        return doublings(recipient.type, in_range, in_country)


def doublings(number_type: str | None, in_range: GuardCount, in_country: GuardCount) -> int:
    """How often the price of a number doubles."""
    steps = 0 if number_type in _CHEAP_TYPES else _NOT_MOBILE
    steps += sum(in_range.sent - in_range.verified >= wasted for wasted in _WASTED_IN_RANGE)
    if in_country.sent >= _FEW_IN_COUNTRY:
        share = in_country.verified / in_country.sent
        steps += sum(share < low for low in _SHARES_IN_COUNTRY)
    return min(steps, MOST_DOUBLINGS)
