"""How findings are printed."""

from shared.owner.findings import Finding, report


def test_a_name_from_elsewhere_forges_no_finding(capsys):
    host = "web\nok       Redis: fine\x1b[2J\u202e"
    assert report([Finding("wrong", f"worker on {host}")]) == 1
    expected = r"WRONG    worker on web\nok       Redis: fine\x1b[2J\u202e"
    assert capsys.readouterr().out == f"{expected}\n"


def test_words_of_other_languages_stay_as_they_are(capsys):
    report([Finding("ok", "expected app:v1,whsec_… in Größen")])
    assert capsys.readouterr().out == "ok       expected app:v1,whsec_… in Größen\n"


def test_only_something_wrong_is_a_failure(capsys):
    assert report(Finding(level, "text") for level in ("ok", "unknown", "warning")) == 0
    assert capsys.readouterr().out.splitlines()[0] == "ok       text"
