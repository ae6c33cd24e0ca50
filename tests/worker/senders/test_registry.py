"""URLs become senders, and wrong ones are refused without being repeated."""

import pytest

from worker.senders import named_senders, sender_for
from worker.senders.console import ConsoleSender
from worker.senders.smtp import SmtpSender


def test_the_scheme_picks_the_sender():
    assert isinstance(sender_for("console://"), ConsoleSender)
    assert isinstance(sender_for("smtp://localhost?from=a@example.com"), SmtpSender)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://host?from=a@b.example", ("host", 587, "starttls", "", "")),
        ("smtp://host:25?from=a@b.example&tls=none", ("host", 25, "none", "", "")),
        ("smtps://host?from=a@b.example", ("host", 465, "implicit", "", "")),
        (
            "smtps://u%40x:p%3A%2Fw@host:466?from=a@b.example",
            ("host", 466, "implicit", "u@x", "p:/w"),
        ),
    ],
)
def test_reads_an_smtp_url(url, expected):
    sender = sender_for(url)
    assert (sender.host, sender.port, sender.tls, sender.user, sender.password) == expected
    assert sender.from_address == "a@b.example"


@pytest.mark.parametrize(
    "url",
    [
        "console://secret",
        "unknown://user:secret@host",
        "smtp://user:secret@host",
        "smtp://user:secret@host?from=",
        "smtp://user:secret@host?from=secret",
        "smtp://user:secret@host?from=<secret",
        "smtp://user:secret@host?from=@@",
        "smtp://user:secret@?from=a@b.example",
        "smtp://user:secret@host:port?from=a@b.example",
        "smtp://user:secret@host:99999?from=a@b.example",
        "smtp://user:secret/2@host?from=a@b.example",
        "smtp://user:secret#2@host?from=a@b.example",
        "smtp://user:secret?2@host?from=a@b.example",
        "smtp://us℀er:secret@host?from=a@b.example",
        "smtp://[secret?from=a@b.example",
        "smtp://user:secret@host?from=a@b.example&secret",
        "smtp://user:secret@host?from=a@b.example&secret=1",
        "smtp://user:secret@host?from=a@b.example&tls=secret",
        "smtps://user:secret@host?from=a@b.example&tls=none",
    ],
)
def test_a_url_that_is_refused_is_not_repeated(url):
    for read in (sender_for, lambda url: named_senders([url])):
        with pytest.raises(ValueError, match=r"expected|there are") as refused:
            read(url)
        assert "secret" not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_an_unknown_scheme_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"^no sender for carrier-pigeon://; there are console, "):
        sender_for("carrier-pigeon://loft")


def test_no_password_is_in_the_repr():
    assert "secret" not in repr(sender_for("smtp://user:secret@host?from=a@b.example"))


def test_a_sender_is_called_by_its_scheme_and_numbered_if_it_is_not_alone():
    urls = ["smtp://one?from=a@b.example", "console://", "smtp://two?from=a@b.example"]
    named = named_senders(urls)
    assert [sender.name for sender in named] == ["smtp-1", "console", "smtp-2"]
    assert [getattr(n.sender, "host", None) for n in named] == ["one", None, "two"]


def test_a_package_of_its_own_can_bring_a_sender(tmp_path, monkeypatch):
    """By an entry point, as docs/senders.md describes."""
    (tmp_path / "otp_pigeon.py").write_text(
        "class Pigeon:\n"
        "    def __init__(self, url):\n"
        "        if url == 'pigeon://':\n"
        "            raise ValueError('expected pigeon://loft')\n"
        "        self.loft = url.removeprefix('pigeon://')\n"
    )
    installed = tmp_path / "otp_pigeon-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: otp-pigeon\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[otp.senders]\npigeon = otp_pigeon:Pigeon\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert sender_for("pigeon://secret-loft").loft == "secret-loft"
    with pytest.raises(ValueError, match=r"^pigeon:// sender: expected pigeon://loft$"):
        sender_for("pigeon://")
