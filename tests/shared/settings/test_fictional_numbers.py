"""Only numbers that belong to nobody are for tests."""

import pytest

from shared.settings import Settings, SettingsError

FICTIONAL = {
    "North America": ("+14155550100", "+14155550199", "+12125550123", "+18765550123"),
    "Britain": (
        "+447700900123",
        "+442079460123",
        "+441134960999",
        "+441632960123",
        "+443069990123",
    ),
    "Australia": ("+61491570156", "+61491579760", "+61255501234", "+61870101234"),
    "Germany": ("+4915228817386", "+491713920012", "+493023125999"),
    "France": ("+33639981234", "+33199001234"),
    "Sweden": ("+46701740605", "+46846500499"),
    "Ireland": ("+353209112345",),
    "no country": ("+99912345678",),
    "no plan": ("+14150000000", "+4915000"),
}
REAL = (
    "+14155550200",
    "+14155550099",
    "+14155551123",
    "+18005550123",
    "+19005550123",
    "+447400123456",
)
MORE_REAL = ("+442079470123", "+61491570155", "+4915228817387", "+33612345678", "+46701740604")


def load(numbers: str, **more: str) -> Settings:
    return Settings.load({"OTP_TEST_NUMBERS": numbers, **more}, env_file=None)


@pytest.mark.parametrize("numbers", FICTIONAL.values(), ids=FICTIONAL)
def test_fictional_numbers_have_a_code(numbers):
    settings = load(" ".join(f"{number}:424242" for number in numbers))
    assert settings.policy().test_numbers == dict.fromkeys(numbers, "424242")
    assert [settings.addresses().phone(number).to for number in numbers] == [*numbers]


@pytest.mark.parametrize("number", [*REAL, *MORE_REAL])
def test_a_number_that_may_be_somebodys_stops_the_start(number):
    with pytest.raises(
        SettingsError, match=r"^OTP_TEST_NUMBERS: .*OTP_ALLOW_TEST_NUMBERS=any"
    ) as no:
        load(f"+14155550123:424242 {number}:987654")
    assert number not in str(no.value)
    assert "987654" not in str(no.value)
    allowed = load(f"{number}:987654", OTP_ALLOW_TEST_NUMBERS="any")
    assert allowed.policy().test_numbers == {number: "987654"}


def test_a_range_that_the_owner_knows_to_be_in_use_is_not_fictional():
    with pytest.raises(SettingsError, match=r"^OTP_TEST_NUMBERS: "):
        load("+14150000000:424242", OTP_ALLOWED_PREFIXES="+14150")


@pytest.mark.parametrize(
    "numbers",
    ["+14155550123", "+14155550123:", "+14155550123:123", "+14155550123:12345678901", ":424242",
     "14155550123:424242", "+14155550123:42424a", "+14155550123:٤٢٤٢٤٢", "+1 415 555 0123:424242",
     "+14155550123=424242", "+0123456789:424242", "+141555501230123456:424242", "a@shop.test:4242",
     "+14155550123:424242 +14155550123:424243", "+14155550123:424242;+14155550124:424242"],
)  # fmt: skip
def test_what_is_no_list_of_numbers_and_codes_stops_the_start(numbers):
    with pytest.raises(SettingsError, match=r"^OTP_TEST_NUMBERS: (expected|the same)") as refused:
        load(numbers)
    assert "4242" not in str(refused.value).replace("+14155550123:424242", "")


@pytest.mark.parametrize("numbers", ["none", "", "+14155550123:4242", "+14155550123:4242424242"])
def test_a_code_has_four_to_ten_digits_and_there_may_be_none(numbers):
    assert len(load(numbers).policy().test_numbers) == numbers.count(":")


def test_several_are_parted_by_spaces_commas_or_lines():
    numbers = (
        load("+14155550123:424242,+14155550124:123456\n +14155550125:1234").policy().test_numbers
    )
    assert [*numbers.values()] == ["424242", "123456", "1234"]


def test_the_codes_are_a_secret(tmp_path):
    file = tmp_path / "numbers"
    file.write_text("+14155550123:424242\n")
    settings = Settings.load({"OTP_TEST_NUMBERS_FILE": str(file)}, env_file=None)
    assert settings.policy().test_numbers == {"+14155550123": "424242"}
    assert "424242" not in f"{settings!r} {settings} {settings.policy()!r}"


def test_any_is_the_only_other_word():
    with pytest.raises(SettingsError, match=r"^OTP_ALLOW_TEST_NUMBERS: "):
        load("none", OTP_ALLOW_TEST_NUMBERS="all")
