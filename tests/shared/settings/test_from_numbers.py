"""Names that networks block because they belong to no sender."""

import pytest

from shared.settings.from_numbers import is_generic


@pytest.mark.parametrize(
    "name",
    ["INFO", "SMS", "OTP", "NOTICE", "VERIFY", "ALERT", "TEST", "Verify", "V.E.R.I.F.Y", "2FA"],
)
def test_knows_a_generic_name_in_every_spelling(name):
    assert is_generic(name)


@pytest.mark.parametrize("name", ["Example", "Verifone", "InfoShop", "+15005550006", "12345"])
def test_other_names_are_someones(name):
    assert not is_generic(name)
