"""The numbers of an account that the pumping guard lets through, whatever else happens to their
range or country."""

import secrets

from shared.codes import Codes
from shared.recipient import Recipient
from shared.storage import keys, reading
from shared.storage.scripts import Scripts
from shared.verification.store import SERVICE_SECONDS


class SafeList:
    """The numbers in Redis, as keyed hashes, so no one can read the whole list. Methods raise
    StorageUnavailable."""

    def __init__(self, scripts: Scripts, codes: Codes) -> None:
        self._scripts = scripts
        self._codes = codes
        self._trust = scripts.load("verify_v2/trust")

    def add(self, account: str, recipient: Recipient) -> str:
        """The SID of the entry, also when it was there before."""
        new = f"GN{secrets.token_hex(16)}"
        sid: bytes = self._trust([self.key_of(recipient)], [account, new, SERVICE_SECONDS * 1000])
        return sid.decode()

    def find(self, account: str, recipient: Recipient) -> str | None:
        """The SID of the entry."""
        (sid,) = self._scripts.fetch(lambda pipe: pipe.hget(self.key_of(recipient), account))
        return reading.text(sid)

    def remove(self, account: str, recipient: Recipient) -> bool:
        """Whether it was there."""
        return bool(self._scripts.run(lambda redis: redis.hdel(self.key_of(recipient), account)))

    def key_of(self, recipient: Recipient) -> str:
        return keys.safe(tag(self._codes, recipient))


def tag(codes: Codes, recipient: Recipient) -> str:
    """No app has a space in its name, so this is no app's tag."""
    return codes.tag("safe list", recipient.to)
