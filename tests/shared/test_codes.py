"""The derived code: every one equally likely, and its verifier worth nothing elsewhere."""

import base64
from collections import Counter
from itertools import pairwise, product
from operator import itemgetter

import pytest
from cryptography.exceptions import InvalidTag

from shared.codes import Codes

K1, K2 = b"1" * 32, b"2" * 32
CODES = Codes({"k1": K1})
SAMPLE = 200_000
VERIFICATION = "VE" + "0" * 32


def chi_square(counts: Counter[str], cells: int, total: int) -> float:
    expected = total / cells
    absent = (cells - len(counts)) * expected
    return absent + sum((n - expected) ** 2 / expected for n in counts.values())


@pytest.fixture(scope="module")
def sample() -> list[str]:
    return [CODES.derive("k1", f"VE{n:032x}", 0, 6) for n in range(SAMPLE)]


@pytest.mark.parametrize("position", range(6))
def test_every_digit_is_equally_likely_in_every_place(sample, position):
    digits = Counter(map(itemgetter(position), sample))
    # 9 degrees of freedom; above this once in a million samples, and this sample is fixed.
    assert chi_square(digits, 10, SAMPLE) < 45.1


def test_pairs_of_neighbouring_digits_are_equally_likely(sample):
    pairs = Counter[str]()
    for i in (0, 2, 4):
        pairs.update(map(itemgetter(slice(i, i + 2)), sample))
    # 99 degrees of freedom, once in a million.
    assert chi_square(pairs, 100, 3 * SAMPLE) < 181.1


def test_leading_zeros_are_as_frequent_as_they_should_be(sample):
    for zeros in (1, 2, 3):
        share = sum(code.startswith("0" * zeros) for code in sample)
        expected = SAMPLE / 10**zeros
        assert abs(share - expected) < 5 * expected**0.5


@pytest.mark.parametrize("length", range(4, 11))
def test_a_code_has_the_length_that_is_asked_for(length):
    code = CODES.derive("k1", VERIFICATION, 0, length)
    assert len(code) == length
    assert code.isascii()
    assert code.isdecimal()


def test_the_same_verification_and_generation_give_the_same_code_in_every_process():
    assert CODES.derive("k1", VERIFICATION, 0, 10) == Codes({"k1": K1}).derive(
        "k1", VERIFICATION, 0, 10
    )


def test_another_verification_generation_or_key_gives_another_code():
    ring = Codes({"k1": K1, "k2": K2})
    derived = {
        ring.derive(kid, verification, generation, 10)
        for kid, verification, generation in product(
            ("k1", "k2"), (VERIFICATION, "VE" + "1" * 32), (0, 1)
        )
    }
    assert len(derived) == 8


def test_a_verifier_is_bound_to_its_subject_and_to_its_key():
    ring = Codes({"k1": K1, "k2": K2})
    verifiers = {
        ring.verifier(kid, subject, code)
        for kid, subject, code in product(("k1", "k2"), ("tag", "other"), ("123456", "123457"))
    }
    assert len(verifiers) == 8


def test_a_verifier_is_128_bits_and_does_not_hold_the_code():
    verifier = CODES.verifier("k1", "tag", "1234567890")
    assert len(bytes.fromhex(verifier)) == 16
    assert "1234567890" not in verifier


def test_parts_of_a_subject_and_a_code_cannot_be_moved_across_their_border():
    assert CODES.verifier("k1", "tag1", "23456") != CODES.verifier("k1", "tag", "123456")
    assert CODES.tag("app1", "23") != CODES.tag("app", "123")


def test_the_first_key_makes_codes_and_all_of_them_check():
    old, rotated = Codes({"k1": K1}), Codes({"k2": K2, "k1": K1})
    assert (old.kid, rotated.kid) == ("k1", "k2")
    verifiers = rotated.verifiers("tag", "123456")
    assert verifiers["k1"] == old.verifier("k1", "tag", "123456")
    assert list(verifiers) == ["k2", "k1"]
    assert rotated.derive("k1", VERIFICATION, 0, 6) == old.derive("k1", VERIFICATION, 0, 6)


def test_a_key_that_is_put_in_front_changes_no_tag():
    old, rotated = Codes({"k1": K1}), Codes({"k2": K2, "k1": K1})
    assert rotated.tag("app", "+14155550123") == old.tag("app", "+14155550123")


def test_processes_of_a_rolling_rotation_understand_each_other():
    """Those of each stage work next to those of the stage before."""
    stages = [Codes({"k1": K1}), Codes({"k2": K2, "k1": K1}, "k1"), Codes({"k2": K2, "k1": K1})]
    assert [codes.kid for codes in stages] == ["k1", "k1", "k2"]
    assert len({codes.tag("shop", "+14155550123") for codes in stages}) == 1
    for before, after in pairwise(stages):
        for one, other in (before, after), (after, before):
            code = one.derive(one.kid, VERIFICATION, 0, 6)
            assert other.derive(one.kid, VERIFICATION, 0, 6) == code
            assert one.verifier(one.kid, "tag", code) in other.verifiers("tag", code).values()
            assert other.unseal(one.kid, VERIFICATION, one.seal(VERIFICATION, "123456")) == "123456"
            signing = one.proof_secrets("shop", "+14155550123")[0]
            assert signing in other.proof_secrets("shop", "+14155550123")


def test_a_tag_is_another_one_for_another_app_recipient_or_key():
    tags = {
        Codes({"k": key}).tag(app, to)
        for key, app, to in product((K1, K2), ("a", "b"), ("+14155550123", "a@example.com"))
    }
    assert len(tags) == 8


def test_a_secret_for_proofs_is_another_one_for_another_app_recipient_or_key():
    ring = Codes({"k1": K1, "k2": K2})
    secrets = {
        secret
        for app, to in product(("a", "b"), ("+14155550123", "a@example.com"))
        for secret in ring.proof_secrets(app, to)
    }
    assert len(secrets) == 8
    assert Codes({"k1": K1}).proof_secrets("a", "b")[0] == ring.proof_secrets("a", "b")[0]


def test_each_purpose_has_a_key_of_its_own():
    assert CODES.verifier("k1", "app", "x") != CODES.tag("app", "x")
    assert CODES.proof_secrets("app", "x")[0].hex()[:32] != CODES.tag("app", "x")


def test_a_key_that_left_the_ring_derives_nothing():
    with pytest.raises(KeyError):
        CODES.derive("k0", VERIFICATION, 0, 6)


class TestASealedCode:
    def test_is_opened_by_the_key_that_sealed_it(self):
        old, new = Codes({"k1": K1}), Codes({"k2": K2, "k1": K1})
        for codes in (old, new):
            sealed = codes.seal(VERIFICATION, "12345678")
            assert new.unseal(codes.kid, VERIFICATION, sealed) == "12345678"

    def test_shows_nothing_and_is_never_the_same(self):
        seals = {CODES.seal(VERIFICATION, "12345678") for _ in range(1000)}
        assert len(seals) == 1000
        data = [base64.b64decode(sealed) for sealed in seals]
        assert len({sealed[:12] for sealed in data}) == 1000
        assert not any(b"12345678" in sealed for sealed in data)

    def test_is_of_no_use_for_another_verification_or_when_changed(self):
        sealed = base64.b64decode(CODES.seal(VERIFICATION, "12345678"))
        others = [bytes([*sealed[:i], sealed[i] ^ 1, *sealed[i + 1 :]]) for i in range(len(sealed))]
        for verification, data in [
            (f"VE{'1' * 32}", sealed),
            *((VERIFICATION, other) for other in others),
            (VERIFICATION, sealed[:-1]),
        ]:
            with pytest.raises(InvalidTag):
                CODES.unseal("k1", verification, base64.b64encode(data).decode())

    def test_of_a_key_that_left_the_ring_is_not_opened(self):
        with pytest.raises(KeyError):
            Codes({"k2": K2}).unseal("k1", VERIFICATION, CODES.seal(VERIFICATION, "1234"))
