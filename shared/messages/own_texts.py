"""The owner's own texts: a folder with a file LANGUAGE.toml for each language. A file has some or
all of the keys of those in shared/texts, under stricter rules, because no test has seen it."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from string import Formatter

from shared.locales import bcp47
from shared.messages.texts import Language

_LARGEST_FILE_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class _Form:
    """How a text is written. `longest` is in characters, before its placeholders are replaced."""

    longest: int = 1000
    code: str = "code"
    begins_with_code: bool = True
    is_one_line: bool = False

    @property
    def placeholders(self) -> tuple[str, ...]:
        return (self.code, "app", "minutes")


_FORMS = {
    "sms": _Form(),
    "sms_short": _Form(begins_with_code=False),
    "whatsapp": _Form(),
    "telegram": _Form(),
    # A voice reads {code} as one large number, and {digits} one by one.
    "call": _Form(code="digits", begins_with_code=False),
    "email_subject": _Form(longest=150, is_one_line=True),
    "email": _Form(longest=10_000),
}
KEYS = ("direction", *_FORMS)


def read(folder: Path) -> dict[str, Language]:
    """The texts in a folder by language. Skips folders in it, and hidden files, such as those in a
    ConfigMap of Kubernetes. Raises ValueError, which names the file and the key."""
    try:
        paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
        files = [path for path in paths if not path.is_dir() or path.suffix == ".toml"]
        languages = {path.stem: _read_file(path) for path in files}
    except OSError as error:
        raise ValueError(f"{error.filename} cannot be read: {error.strerror}") from None
    if not languages:
        raise ValueError(f"{folder} has no texts; expected files such as de.toml")
    return languages


def _read_file(path: Path) -> Language:
    """Raises ValueError and OSError."""
    if not _is_language(path.stem) or path.suffix != ".toml":
        raise ValueError(f"{path}: expected the name of a language, such as de.toml")
    try:
        table = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None
    texts = {}
    for key, value in table.items():
        try:
            texts[key] = _checked(key, value)
        except ValueError as error:
            raise ValueError(f"{path}: {key}: {error}") from None
    return texts


def _is_language(name: str) -> bool:
    """Whether messages are looked up by this name: BCP 47 in its shortest form, without region."""
    return re.fullmatch("[a-z]{2,3}", name) is not None and bcp47(name) == name


def _text(path: Path) -> str:
    """Raises OSError, and ValueError without the path."""
    with path.open("rb") as file:
        content = file.read(_LARGEST_FILE_BYTES + 1)
    if len(content) > _LARGEST_FILE_BYTES:
        raise ValueError(f"is larger than {_LARGEST_FILE_BYTES // 1024} KiB")
    try:
        # utf-8-sig skips the byte order mark that some editors put first.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("cannot be read: not valid UTF-8") from None


def _checked(key: str, value: object) -> str:
    """Raises ValueError."""
    if key not in KEYS:
        near = get_close_matches(key, KEYS, 1)
        hint = f"Did you mean {near[0]}?" if near else f"The texts are {', '.join(KEYS)}."
        raise ValueError(f"not a known text. {hint}")
    if key == "direction":
        if value not in ("ltr", "rtl"):
            raise ValueError("expected ltr or rtl")
        return str(value)
    match value:
        case str(written):
            text = written.strip()
            _check(text, _FORMS[key])
            return text
    raise ValueError("expected text in quotation marks")


def _check(text: str, form: _Form) -> None:
    """Raises ValueError."""
    if len(text) > form.longest:
        raise ValueError(f"expected at most {form.longest} characters")
    for letter in text:
        if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} and letter != "\n":
            raise ValueError(f"U+{ord(letter):04X} is a control character")
    if form.is_one_line and "\n" in text:
        raise ValueError("expected one line")
    code = f"{{{form.code}}}"
    if form.code not in _placeholders(text, form):
        raise ValueError(f"expected {code} in it")
    if form.begins_with_code and not text.startswith(code):
        raise ValueError(f"expected {code} at the beginning, where a notification shows it")


def _placeholders(text: str, form: _Form) -> set[str]:
    """Those in a text. Raises ValueError for any that could do more than name a fact: str.format
    also reads attributes, and pads to any length."""
    try:
        fields = [field for field in Formatter().parse(text) if field[1] is not None]
    except ValueError:
        raise ValueError("a brace is not closed or opened; write {{ or }} for a brace") from None
    for _, name, spec, conversion in fields:
        if name not in form.placeholders or spec or conversion:
            known = ", ".join(f"{{{known}}}" for known in form.placeholders)
            raise ValueError(f"{{{name}}}: write placeholders exactly like {known}")
    return {str(name) for _, name, _, _ in fields}
