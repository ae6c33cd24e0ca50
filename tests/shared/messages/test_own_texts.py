"""The rules for the owner's own texts. Each error names the file and the key."""

import pytest

from shared.messages.own_texts import KEYS, read
from shared.messages.texts import FOLDER
from tests.own_texts import SWEDISH, toml


@pytest.fixture
def write(tmp_path):
    """A folder with a file of these bytes, or of this TOML."""

    def write(content: bytes | str, name: str = "de.toml"):
        encoded = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(encoded)
        return tmp_path

    return write


def refusal(folder) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        read(folder)
    assert refused.value.__cause__ is None
    return str(refused.value)


def test_our_own_texts_keep_the_rules():
    assert {"ar", "de", "en", "hi", "zh"} <= set(read(FOLDER))
    assert all(tuple(texts) == KEYS for texts in read(FOLDER).values())


def test_a_file_has_all_texts_or_some(write):
    write(toml(SWEDISH), "sv.toml")
    folder = write('sms = "{code}: {app}"')
    assert read(folder) == {"sv": SWEDISH, "de": {"sms": "{code}: {app}"}}


def test_a_byte_order_mark_line_ends_of_windows_and_blank_lines_around_a_text_do_not_matter(write):
    folder = write(b'\xef\xbb\xbfemail = """\r\n\r\n{code}\r\n\r\n{app}\r\n"""\r\n')
    assert read(folder) == {"de": {"email": "{code}\n\n{app}"}}


def test_braces_can_be_written(write):
    assert read(write('sms = "{code} {{app}}"')) == {"de": {"sms": "{code} {{app}}"}}


def test_hidden_files_and_folders_are_skipped_and_links_are_followed(write):
    """As Kubernetes mounts a ConfigMap: the files are links into a hidden folder."""
    folder = write('sms = "{code}"', "shown.toml")
    (folder / "..data").mkdir()
    (folder / "shown.toml").rename(folder / "..data" / "de.toml")
    (folder / "de.toml").symlink_to("..data/de.toml")
    (folder / ".DS_Store").write_bytes(b"\xff")
    (folder / "shop").mkdir()
    assert read(folder) == {"de": {"sms": "{code}"}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{app}", "expected {code} in it"),
        ("", "expected {code} in it"),
        ("Kode {code}", "expected {code} at the beginning, where a notification shows it"),
        ("\\u200f{code}", "expected {code} at the beginning, where a notification shows it"),
        ("{code} {coed}", "{coed}: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code} {digits}", "{digits}: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code} {}", "{}: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code} {0}", "{0}: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code} { app }", "{ app }: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code!r}", "{code}: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code:>999999999}", "{code}: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code:{app}}", "{code}: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code.__class__}", "{code.__class__}: write placeholders exactly like {code}, "),
        ("{code[0]}", "{code[0]}: write placeholders exactly like {code}, {app}, {minutes}"),
        ("{code} {", "a brace is not closed or opened; write {{ or }} for a brace"),
        ("{code} }", "a brace is not closed or opened; write {{ or }} for a brace"),
        ("{code} {app", "a brace is not closed or opened; write {{ or }} for a brace"),
        ("{code} \\u0007 {app}", "U+0007 is a control character"),
        ("{code}\\t{app}", "U+0009 is a control character"),
        ("{code} \\r {app}", "U+000D is a control character"),
        ("{code}\\u0085{app}", "U+0085 is a control character"),
        ("{code}\\u2028{app}", "U+2028 is a control character"),
        ("{code}" + "a" * 995, "expected at most 1000 characters"),
    ],
)
def test_a_text_that_is_not_safe_to_send_is_refused(write, text, told):
    folder = write(f'sms = "{text}"')
    assert refusal(folder).startswith(f"{folder}/de.toml: sms: {told}")


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('call = "{code}"', "call: {code}: write placeholders exactly like {digits}, {app}, "),
        ('call = "{app}"', "call: expected {digits} in it"),
        ('sms_short = "{app}"', "sms_short: expected {code} in it"),
        ('telegram = "Kode {code}"', "telegram: expected {code} at the beginning"),
        ('email = "Hallo, {code}"', "email: expected {code} at the beginning"),
        ('email_subject = "Kode {code}"', "email_subject: expected {code} at the beginning"),
        ('email_subject = "{code}\\nBcc: a@example.com"', "email_subject: expected one line"),
        (f'email_subject = "{{code}}{"a" * 150}"', "email_subject: expected at most 150 char"),
        (f'email = "{{code}}{"a" * 10_000}"', "email: expected at most 10000 characters"),
        ('direction = "up"', "direction: expected ltr or rtl"),
        ("direction = []", "direction: expected ltr or rtl"),
        ("sms = 5", "sms: expected text in quotation marks"),
        ('[sms]\ntext = "{code}"', "sms: expected text in quotation marks"),
        ('sms_shrot = "{code}"', "sms_shrot: not a known text. Did you mean sms_short?"),
        ('fax = "{code}"', "fax: not a known text. The texts are direction, sms, sms_short, "),
    ],
)
def test_each_text_has_its_own_rules(write, toml, told):
    folder = write(toml)
    assert refusal(folder).startswith(f"{folder}/de.toml: {told}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"sms = {code}", " is not TOML: "),
        (b'sms = "{code}"\nsms = "{code}"', " is not TOML: "),
        (b'sms = "\xff{code}"', " cannot be read: not valid UTF-8"),
        ('sms = "{code}"'.encode("utf-16"), " cannot be read: not valid UTF-8"),
        (b"#" * (64 * 1024 + 1), " is larger than 64 KiB"),
    ],
)
def test_a_file_that_is_no_toml_is_refused(write, content, told):
    folder = write(content)
    assert refusal(folder).startswith(f"{folder}/de.toml{told}")


@pytest.mark.parametrize(
    "name",
    ["de_DE.toml", "de-AT.toml", "DE.toml", "german.toml", "iw.toml", "de.txt", "de", "de.toml~"],
)
def test_a_file_without_the_name_of_a_language_is_refused(write, name):
    folder = write('sms = "{code}"', name)
    assert refusal(folder) == f"{folder}/{name}: expected the name of a language, such as de.toml"


def test_a_folder_that_cannot_be_read_is_refused(write, tmp_path):
    missing = tmp_path / "missing"
    assert refusal(missing) == f"{missing} cannot be read: No such file or directory"
    file = write('sms = "{code}"') / "de.toml"
    assert refusal(file) == f"{file} cannot be read: Not a directory"


def test_an_empty_folder_is_refused_because_docker_makes_one_for_a_wrong_mount(tmp_path):
    (tmp_path / "shop").mkdir()
    assert refusal(tmp_path) == f"{tmp_path} has no texts; expected files such as de.toml"
    (tmp_path / "de.toml").mkdir()
    assert refusal(tmp_path) == f"{tmp_path}/de.toml cannot be read: Is a directory"


def test_a_broken_link_is_refused(tmp_path):
    (tmp_path / "de.toml").symlink_to("..data/de.toml")
    assert refusal(tmp_path) == f"{tmp_path}/de.toml cannot be read: No such file or directory"
