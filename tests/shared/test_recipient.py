"""Addresses: one spelling for one person, and nothing that two readers could read differently."""

import re
from collections.abc import Iterator

import phonenumbers
import pytest

from shared.errors import InvalidRequest
from shared.recipient import Addresses, mask, parse_phone

SPELLINGS = {
    "E.164": "+14155550123",
    "spaces": "+1 415 555 0123",
    "no-break spaces": "+1\xa0415\xa0555\xa00123",
    "dashes": "+1-415-555-0123",
    "typographic dashes": "+1‑415–555‐0123",
    "brackets": "+1 (415) 555-0123",
    "country code in brackets": "(+1) 415 555 0123",
    "dots": "+1.415.555.0123",
    "slashes": "+1/415/555/0123",
    "URI": "tel:+1-415-555-0123",
    "full-width": "＋１４１５５５５０１２３",
    "Arabic digits": "+١٤١٥٥٥٥٠١٢٣",
    "Devanagari digits": "+१४१५५५५०१२३",
    "surrounding space": "  +14155550123\n",
    "embedding marks": "\u202a+14155550123\u202c",
    "override marks": "\u202d+1 415-555-0123\u202c",
    "isolate marks": "\u2066+14155550123\u2069",
    "direction marks in Arabic text": "\u200f\u200e+١٤١٥٥٥٥٠١٢٣\u200f",
    "zero-width space": "+1415\u200b555\u200b0123",
    "zero-width joiner": "+1415\u200d5550123",
    "word joiner": "+1415\u20605550123",
    "soft hyphen": "+1415\xad555\xad0123",
    "byte order mark": "\ufeff+14155550123",
    "variation selectors": "+1\ufe0f4\ufe0f155550123",
    "marks outside of white space": "\u202c \t+14155550123\n\u202c",
    "figure and narrow spaces": "+1\u2007415\u202f555\u20090123",
    "ideographic space": "+1\u3000415 555 0123",
    "em and figure dashes": "+1—415‒555―0123",
    "minus sign": "+1−415−555−0123",
    "wave dash": "+1〜415〜555〜0123",
    "Japanese": "＋１ー４１５－５５５ー０１２３",
    "full-width brackets": "＋１（４１５）５５５－０１２３",
    "small plus": "﹢14155550123",
    "square brackets": "+1 [415] 555 0123",
    "URI in capitals": "TEL:+14155550123",
    "URI with slashes": "Tel://+1-415-555-0123",
    "URI with a space": " tel: +1 415 555 0123",
    "full-width URI": "ＴＥＬ：＋14155550123",
    "URI between marks": "\u202aTEL:\u202d+14155550123\u202c\u202c",
    "escaped URI": "tel:%2B1%20415%20555%200123",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_of_a_number_is_one_recipient(spelling):
    recipient = parse_phone(spelling)
    assert (recipient.kind, recipient.to, recipient.region) == ("phone", "+14155550123", "US")


@pytest.mark.parametrize(
    "text",
    [
        "+1 415 555 0123 ext. 5",
        "+1 415 555 0123 x5",
        "+14155550123;ext=5",
        "+1 415 555 0123 # 5",
        "+14155550123,5",
        "+1-500-KKK-0006",
        "+1 415 555 O123",
        "tel:+14155550123;phone-context=example.com",
        "call +14155550123",
        "+1415\x005550123",
        "+14155550123\x00",
        "\u202a+14155550123 ext. 5\u202c",
        "TEL:+14155550123;ext=5",
        "tel:+14155550123%3Bext=5",
        "tel:tel:+14155550123",
        "sms:+14155550123",
        "\u202a\u202c",
        "tel:",
        "+1415\n5550123",
        "+1415\r\n5550123",
        "+1415\t5550123",
        "+1415\x1c5550123",
        "+1415\x855550123",
        "+1415\u20285550123",
        "+1415\ud8005550123",
        "+14155550123" + " " * 40 + "4",
        "+1" + "4" * 39,
        "+14155550123 +14155550124",
        "+1415555012*",
        "+¹⁴¹⁵⁵⁵⁵⁰¹²³",
        "",
        " ",
        "+",
        "+()",
    ],
    ids=ascii,
)
def test_refuses_what_another_reader_could_read_as_another_number(text):
    with pytest.raises(InvalidRequest) as refused:
        parse_phone(text)
    assert refused.value.errors[0][0] == "phone"


@pytest.mark.parametrize("text", ["415\x1c555-0123", "415\n555-0123", "(415)\t555-0123"])
def test_refuses_control_characters_in_national_form_too(text):
    with pytest.raises(InvalidRequest):
        parse_phone(text, "US")


@pytest.mark.parametrize("text", ["+14150000000", "+1415555", "+12", "+99912345678", "+0000000000"])
def test_refuses_numbers_that_no_country_has(text):
    with pytest.raises(InvalidRequest):
        parse_phone(text)


@pytest.mark.parametrize("text", ["4155550123", "(415) 555-0123", "01149151234567"])
def test_a_number_without_its_country_needs_a_default_region(text):
    with pytest.raises(InvalidRequest):
        parse_phone(text)


@pytest.mark.parametrize(
    ("text", "region", "to"),
    [
        ("(415) 555-0123", "US", "+14155550123"),
        ("011 49 30 901820", "US", "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("0014155550123", "DE", "+14155550123"),
        ("+14155550123", "DE", "+14155550123"),
    ],
)
def test_reads_national_numbers_in_the_default_region(text, region, to):
    assert parse_phone(text, region).to == to


@pytest.mark.parametrize("region", [None, "US", "DE", "AU", "JP", "KR", "BR", "RU"])
@pytest.mark.parametrize(
    "text",
    [
        "004915123456789",
        "0049 1512 3456789",
        "0049 (0)1512 3456789",
        "(0049) 1512-3456789",
        "00 49 1512 3456789",
        "tel:00491512345 6789",
        "٠٠٤٩١٥١٢٣٤٥٦٧٨٩",
    ],
)
def test_00_is_a_plus_everywhere(text, region):
    assert parse_phone(text, region).to == "+4915123456789"


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("011 49 1512 3456789", "US"),
        ("011-49-1512-3456789", "CA"),
        ("(011) 49 (0)1512 3456789", "JM"),
        ("0011 49 1512 3456789", "AU"),
        ("010 49 1512 3456789", "JP"),
        ("810 49 1512 3456789", "RU"),
    ],
)
def test_the_prefix_for_calls_abroad_is_that_of_where_one_dials(text, region):
    for readings in {"default_region": region}, {"dialed_from": region}:
        assert parse_phone(text, **readings).to == "+4915123456789"
    assert parse_phone(text, "DE" if region != "DE" else "US", region).to == "+4915123456789"


@pytest.mark.parametrize("text", ["00", "0049", "011 49", "00 00 49 1512 3456789"])
def test_a_prefix_makes_no_number_out_of_what_is_none(text):
    with pytest.raises(InvalidRequest):
        parse_phone(text, dialed_from="US")


def test_where_one_dials_says_nothing_of_numbers_without_a_country():
    with pytest.raises(InvalidRequest):
        parse_phone("(415) 555-0123", dialed_from="US")


def test_a_refusal_does_not_repeat_the_number():
    with pytest.raises(InvalidRequest) as refused:
        parse_phone("+1 415 555 0123 ext. 5")
    assert "415" not in str(refused.value).replace("+14155550123", "")


def test_numbers_of_no_country_have_no_region():
    assert parse_phone("+80012345678").region is None


@pytest.mark.parametrize(
    ("to", "masked"),
    [
        ("+14155550123", "+1415*****23"),
        ("+4915112345678", "+4915*******78"),
        ("+29022222", "+2*****22"),
        ("+6834002", "+*****02"),
        ("a@example.com", "a***@example.com"),
        ("somebody@example.com", "s***@example.com"),
    ],
)
def test_masks_an_address(to, masked):
    assert mask(to) == masked


@pytest.mark.parametrize("digits", range(5, 16))
def test_shows_four_digits_and_two_at_most_and_hides_at_least_five(digits):
    number = "+123456789012345"[: digits + 1]
    first, hidden, last = re.fullmatch(r"(\+\d{0,4})(\*{5,})(\d{0,2})", mask(number)).groups()
    assert number.startswith(first)
    assert number.endswith(last)
    assert len(first + hidden + last) == len(number)


def test_the_numbers_of_every_country_are_read_and_masked():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        example = example or phonenumbers.example_number(region)
        to = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        recipient = parse_phone(to)
        assert recipient.to == to
        assert recipient.masked.count("*") >= 5, to


def test_a_space_in_a_number_makes_no_other_number_of_it():
    for code, digits in _numbers_of_every_kind():
        assert _read(code + digits) == _read(f"{code} {digits}"), f"{code} {digits}"


def _numbers_of_every_kind() -> Iterator[tuple[str, str]]:
    """The country code and the digits behind it, of good numbers and of some that are not."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        code = f"+{phonenumbers.country_code_for_region(region)}"
        prefix = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
        for kind in phonenumbers.PhoneNumberType.values():
            if example := phonenumbers.example_number_for_type(region, kind):
                national = phonenumbers.national_significant_number(example)
                for digits in (national, prefix + national, national[:-1] + "0", national[1:]):
                    yield code, digits


def _read(text):
    try:
        return parse_phone(text)
    except InvalidRequest as error:
        return error.errors


class TestAllowedPrefixes:
    NEW = Addresses(allowed_prefixes=("+14150", "+4915", "+999", "+80"), default_region="DE")

    @pytest.mark.parametrize(
        ("text", "to", "region"),
        [
            ("+14150000000", "+14150000000", "US"),
            ("+1 (415) 000-0000", "+14150000000", "US"),
            ("\u202atel:+1\u2011415\u20110000000\u202c", "+14150000000", "US"),
            ("+4915000", "+4915000", "DE"),
            ("015000", "+4915000", "DE"),
            ("004915000", "+4915000", "DE"),
            ("+99912345678", "+99912345678", None),
            ("+999 123-456-789-012", "+999123456789012", None),
            ("+8012345678", "+8012345678", None),
        ],
    )
    def test_let_numbers_pass_that_no_plan_has(self, text, to, region):
        recipient = self.NEW.phone(text)
        assert (recipient.to, recipient.region, recipient.type) == (to, region, "unknown")
        assert recipient.masked.count("*") >= 5

    @pytest.mark.parametrize(
        "text",
        [
            "+14160000000",
            "+99812345",
            "+999123",
            "+9991234567890123",
            "+1415000000x5",
            "+1415OOOOOOO",
            "+14150000000;ext=5",
            "999 12345678",
        ],
    )
    def test_are_only_these_and_only_numbers(self, text):
        with pytest.raises(InvalidRequest):
            self.NEW.phone(text)

    def test_change_nothing_for_numbers_that_a_plan_has(self):
        assert Addresses(allowed_prefixes=("+1",)).phone("+14155550123") == parse_phone(
            "+14155550123"
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("+5215512345678", "no longer have a 1 after +52"),
        ("+52 1 55 1234 5678", "no longer have a 1 after +52"),
        ("+1415555", "too short for a phone number in +1"),
        ("+141555501234", "too long for a phone number in +1"),
        ("+14150000000", "this phone number does not exist in +1"),
        ("+99912345678", "with its country code"),
        ("hello", "enter a valid phone number, such as +14155550123"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_number(text, said):
    with pytest.raises(InvalidRequest) as refused:
        parse_phone(text)
    assert said in refused.value.errors[0][1]


@pytest.mark.parametrize(
    ("to", "counted_as"),
    [
        ("ann@example.com", "ann@example.com"),
        ("ann+shop@example.com", "ann@example.com"),
        ("ANN+a+b@Example.com", "ann@example.com"),
        ("ann+@example.com", "ann@example.com"),
        ("a.nn@example.com", "a.nn@example.com"),
        ("+ann@example.com", "+ann@example.com"),
        ("a.n.n+1@gmail.com", "ann@gmail.com"),
        ("Ann@GoogleMail.com", "ann@gmail.com"),
        ("a.nn@mail.gmail.com", "a.nn@mail.gmail.com"),
        ("a.nn@notgmail.com", "a.nn@notgmail.com"),
        ("ann-shop@example.com", "ann-shop@example.com"),
        ("+14155550123", "+14155550123"),
        ("+5491123456789", "+541123456789"),
        ("+541123456789", "+541123456789"),
        ("+54 11 15-2345-6789", "+541123456789"),
        ("+525512345678", "+525512345678"),
        ("+5491123", "+5491123"),
    ],
)
def test_limits_count_a_mailbox_or_a_phone_and_not_its_spellings(to, counted_as):
    recipient = Addresses(allowed_prefixes=("+549",)).either(to)
    assert recipient.counted_as == counted_as


def test_an_old_mexican_number_that_is_admitted_is_counted_as_the_new_one():
    recipient = Addresses(allowed_prefixes=("+521",)).phone("+52 1 55 1234 5678")
    assert (recipient.to, recipient.counted_as) == ("+5215512345678", "+525512345678")
