"""The numbers of an account that the pumping guard lets through, whatever else happens to their
range or country."""

import secrets

from redis import Redis

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

    def add(self, account: str, recipient: Recipient) -> str:
        """The SID of the entry, also when it was there before."""
        key = self.key_of(recipient)

        def add(redis: Redis) -> bytes:
            with redis.pipeline() as pipe:
                pipe.hsetnx(key, account, f"GN{secrets.token_hex(16)}")
                pipe.expire(key, SERVICE_SECONDS)
                pipe.hget(key, account)
                sid: bytes = pipe.execute()[-1]
            return sid

        sid: bytes = self._scripts.run(add)
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
