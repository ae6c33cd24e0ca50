"""Numbers that belong to nobody: set aside for films and examples, or in no numbering plan."""

import re
from collections.abc import Iterable

from shared.errors import InvalidRequest
from shared.recipient import mask, parse_phone

# Set aside by each plan's regulator. Numbers that phonenumbers has in no plan need no line here.
_SET_ASIDE = {
    # NANPA: 555-0100 to 555-0199 of every area, toll-free and premium codes apart.
    "NANPA": r"1(?!8(?:00|33|44|55|66|77|88)|900)[2-9]\d\d55501\d\d",
    # https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama
    "Ofcom": r"44(?:1(?:1[3-8]|21|[3-5]1)4960\d{3}|1914980\d{3}|2079460\d{3}|28(?:9018|9649)\d{4}"
    r"|2920180\d{3}|1632960\d{3}|7700900\d{3}|8081570\d{3}|9098790\d{3}|3069990\d{3})",
    # https://www.acma.gov.au/phone-numbers-use-tv-shows-films-and-creative-works
    "ACMA": r"61(?:[2378](?:5550|7010)\d{4}|49157(?:0(?:006|110|156|157|158|159|313|737)"
    r"|1(?:266|491|804)|2(?:549|665|983)|3(?:087|770)|4(?:118|632)|5(?:254|789)|6(?:398|801)"
    r"|7(?:426|644)|8(?:148|888|957)|9(?:212|455|760)))",
    # Bundesnetzagentur, Mitteilung 148/2021: numbers for media productions.
    "BNetzA": r"49(?:3023125\d{3}|6990009\d{3}|4066969\d{3}|2214710\d{3}|8999998\d{3}|17139200\d\d"
    r"|176040690\d\d|152(?:28817386|28895456|54599371)|172(?:9925904|9968532|9973185|9973186|9980752)"
    r"|174(?:9091317|9464308))",
    # Arcep, plan national de numérotation, 2.5.12: numbers for audiovisual works.
    "Arcep": r"33(?:19900|26191|35301|46571|53649|63998)\d{4}",
    # PTS: https://www.pts.se/ (numbers for books and films)
    "PTS": r"46(?:8465004\d\d|3139006\d\d|4062804\d\d|9803192\d\d|7017406(?:0[5-9]|[1-9]\d))",
}
_FICTIONAL = re.compile(rf"\+(?:{'|'.join(_SET_ASIDE.values())})", re.ASCII)


def refuse_real(numbers: Iterable[str], known_prefixes: tuple[str, ...]) -> None:
    """Raises ValueError for a number (E.164) that is in a numbering plan, or in a range that the
    owner knows to be in use, unless it is set aside."""
    for number in numbers:
        in_use = number.startswith(known_prefixes) or _is_in_a_plan(number)
        if in_use and not _FICTIONAL.fullmatch(number):
            raise ValueError(
                f"{mask(number)} can belong to someone; expected fictional numbers, such as "
                "+14155550123, or OTP_ALLOW_TEST_NUMBERS=any"
            )


def _is_in_a_plan(number: str) -> bool:
    try:
        parse_phone(number)
    except InvalidRequest:
        return False
    return True
