"""Codes and keys. A code is derived whenever it is needed, and stored nowhere. A code that a caller
made up cannot be derived, so it is sealed."""

import base64
import hmac
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_WORD = 2**64
_NONCE_BYTES = 12


class Codes:
    """Derives and recognizes codes with a ring of keys, given as key id -> at least 32 bytes.

    One key creates codes, by default the first, and all of them check. To rotate a key, put a new
    one in front and drop the old one a day later. Each purpose has its own derived key, so a value
    of one purpose never passes for another's.
    """

    def __init__(self, keys: Mapping[str, bytes], kid: str | None = None) -> None:
        def each(purpose: str) -> dict[str, bytes]:
            return {kid: _hmac(key, f"otp {purpose} v1".encode()) for kid, key in keys.items()}

        self.kid, oldest = kid or next(iter(keys)), list(keys)[-1]
        self._code_keys, self._check_keys = each("code"), each("check")
        self._seal_keys, self._proof_keys = each("seal"), each("proof")
        # A new key in front changes no recipient's tag, so pending verifications are found and
        # limits go on counting through a rotation.
        self._tag_key, self._owner_key = each("recipient")[oldest], each("owner")[oldest]
        self._setting_key = each("setting")[oldest]
        # Which key a key id means. The same id may have stood for another key before.
        self.fingerprints = {kid: key.hex()[:16] for kid, key in each("fingerprint").items()}

    def derive(self, kid: str, verification_id: str, generation: int, length: int) -> str:
        """The code of a verification: `length` decimal digits, every code equally likely.

        Raises KeyError for a key id that is not in the ring.
        """
        codes = 10**length
        unbiased = _WORD - _WORD % codes
        block = 0
        while True:
            message = f"{verification_id}\0{generation}\0{block}".encode()
            word = int.from_bytes(_hmac(self._code_keys[kid], message)[:8])
            if word < unbiased:
                return f"{word % codes:0{length}}"
            block += 1

    def seal(self, verification_id: str, code: str) -> str:
        """A code that the caller has made up, encrypted by the key that creates codes."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._seal(self.kid).encrypt(nonce, code.encode(), verification_id.encode())
        return base64.b64encode(nonce + sealed).decode()

    def unseal(self, kid: str, verification_id: str, sealed: str) -> str:
        """Raises KeyError for a key id that is not in the ring, and cryptography's InvalidTag for
        what was not sealed for this verification."""
        data = base64.b64decode(sealed)
        nonce, encrypted = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        return self._seal(kid).decrypt(nonce, encrypted, verification_id.encode()).decode()

    def _seal(self, kid: str) -> "AESGCM":
        # The import takes 2 MB of a process, and few callers make up codes.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        return AESGCM(self._seal_keys[kid])

    def verifier(self, kid: str, subject: str, code: str) -> str:
        """What Redis keeps of a code: 128 bits of a keyed hash, bound to its subject, which is
        the recipient's tag or the verification's id."""
        return _hmac(self._check_keys[kid], f"{subject}\0{code}".encode()).hex()[:32]

    def kept(
        self, verification_id: str, generation: int, length: int, tag: str, own: str | None
    ) -> dict[str, Any]:
        """The record of a code for a verification and a recipient, by the recipient's tag. `own`
        is the code if it is not derived."""
        code = own or self.derive(self.kid, verification_id, generation, length)
        record = {
            "kid": self.kid,
            "key": self.fingerprints[self.kid],
            "generation": generation,
            "length": len(code),
            "by_recipient": self.verifier(self.kid, tag, code),
            "by_id": self.verifier(self.kid, verification_id, code),
        }
        return {**record, "sealed": self.seal(verification_id, own)} if own else record

    def verifiers(self, subject: str, code: str) -> dict[str, str]:
        """The verifier under every key of the ring, for the check of a code of any age."""
        return {kid: self.verifier(kid, subject, code) for kid in self._check_keys}

    def tag(self, app: str, to: str) -> str:
        """The name of an app's recipient in Redis keys, which tells nothing of the address."""
        return _hmac(self._tag_key, f"{app}\0{to}".encode()).hex()[:32]

    def owner_key(self, password: str) -> bytes:
        """The key of the owner's sessions. It changes with the password, and with our key in it a
        session's token does not help to guess the password."""
        return _hmac(self._owner_key, password.encode())

    def mark(self, setting: str) -> str:
        """64 bits of a keyed hash, by which processes compare a setting without telling it."""
        return _hmac(self._setting_key, setting.encode()).hex()[:16]

    def proof_secrets(self, app: str, to: str) -> list[bytes]:
        """The keys of challenges for an app's recipient. The first one signs, and all check."""
        others = (key for kid, key in self._proof_keys.items() if kid != self.kid)
        keys = (self._proof_keys[self.kid], *others)
        return [_hmac(key, f"{app}\0{to}".encode()) for key in keys]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
