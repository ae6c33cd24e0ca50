"""docs/security.md and docs/compliance.md are true: no requirement is missing, no cell is empty, no
test is made up, and what they list is what the code has."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.settings import Settings

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
COMPLIANCE = (ROOT / "docs/compliance.md").read_text(encoding="utf-8")
BOTH = pytest.mark.parametrize("text", [TEXT, COMPLIANCE], ids=["security", "compliance"])
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")

# The letters are ours, as the guideline numbers no requirements within a section.
NIST = """
    3.1.3.1-a 3.1.3.1-b 3.1.3.1-c 3.1.3.1-d 3.1.3.1-e 3.1.3.1-f 3.1.3.1-g
    3.1.3.2-a 3.1.3.2-b 3.1.3.2-c 3.1.3.2-d 3.1.3.2-e 3.1.3.2-f 3.1.3.2-g 3.1.3.2-h 3.1.3.2-i
    3.1.3.3-a 3.1.3.3-b 3.1.3.3-c 3.1.3.3-d
    3.1.3.4-a
    3.2.2-a 3.2.2-b 3.2.2-c 3.2.2-d 3.2.2-e 3.2.2-f 3.2.2-g
    3.2.5-a 3.2.7-a 3.2.9-a 3.2.12-a
    4.2.1.2-a 4.2.1.2-b 4.2.1.2-c 4.2.1.2-d
"""
ASVS = """
    2.1.1 2.1.2 2.1.3
    2.2.1 2.2.2 2.2.3
    2.3.1 2.3.2 2.3.3 2.3.4 2.3.5
    2.4.1 2.4.2
    6.1.1 6.1.2 6.1.3
    6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.2.9 6.2.10 6.2.11 6.2.12
    6.3.1 6.3.2 6.3.3 6.3.4 6.3.5 6.3.6 6.3.7 6.3.8
    6.4.1 6.4.2 6.4.3 6.4.4 6.4.5 6.4.6
    6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.5.6 6.5.7 6.5.8
    6.6.1 6.6.2 6.6.3 6.6.4
    6.7.1 6.7.2
    6.8.1 6.8.2 6.8.3 6.8.4
    11.1.1 11.1.2 11.1.3 11.1.4
    11.2.1 11.2.2 11.2.3 11.2.4 11.2.5
    11.3.1 11.3.2 11.3.3 11.3.4 11.3.5
    11.4.1 11.4.2 11.4.3 11.4.4
    11.5.1 11.5.2
    11.6.1 11.6.2
    11.7.1 11.7.2
    14.1.1 14.1.2
    14.2.1 14.2.2 14.2.3 14.2.4 14.2.5 14.2.6 14.2.7 14.2.8
    14.3.1 14.3.2 14.3.3
    16.1.1
    16.2.1 16.2.2 16.2.3 16.2.4 16.2.5
    16.3.1 16.3.2 16.3.3 16.3.4
    16.4.1 16.4.2 16.4.3
    16.5.1 16.5.2 16.5.3 16.5.4
"""

CRYPTOGRAPHY = {
    "hashlib",
    "hmac",
    "secrets",
    "ssl",
    "random",
    "uuid",
    "cryptography",
    "altcha",
    "joserfc",
    "pycurl",
}
# Openings of an answer that is no plain yes.
ANSWERS = {
    "Partly:": "partly",
    "Not met, because ": "not met",
    "Does not apply, because ": "does not apply",
}
TEST = re.compile(r"tests/[\w/]+\.py(?:::\w+)+")


class Row(NamedTuple):
    number: str
    chapter: str
    answer: str
    tests: tuple[str, ...]

    @property
    def verdict(self) -> str:
        for opening, verdict in ANSWERS.items():
            if self.answer.startswith(opening):
                return verdict
        return "met"


def tables(text: str) -> Iterator[list[list[str]]]:
    """The cells of every table, its headings first."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        heading, _, *rows = table.splitlines()
        yield [[cell.strip() for cell in row.strip("|").split("|")] for row in (heading, *rows)]


def rows() -> list[Row]:
    found = []
    for part in re.split(r"^(?=##)", COMPLIANCE, flags=re.MULTILINE):
        chapter = part.partition("\n")[0].strip("# ")
        for heading, *lines in tables(part):
            if heading[0] == "requirement":
                for name, answer, tests in lines:
                    number = re.fullmatch(r"\*\*([0-9.]+(?:-[a-z])?)\*\* [A-Z ]+\d?: \w.+", name)
                    assert number, name
                    found.append(Row(number[1], chapter, answer, tuple(TEST.findall(tests))))
    return found


ROWS = rows()


@cache
def names_in(path: Path) -> set[str]:
    """The tests of a file as pytest names them, without the parameters."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name, body=body):
                names |= {f"{name}::{n.name}" for n in body if isinstance(n, ast.FunctionDef)}
    return {name for name in names if name.rpartition("::")[2].startswith("test_")}


@cache
def sources() -> list[tuple[str, list[ast.AST]]]:
    """Each file with its nodes."""
    return [
        (str(path.relative_to(ROOT)), [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))])
        for package in ("api", "shared", "worker")
        for path in sorted((ROOT / package).rglob("*.py"))
    ]


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """What a file imports, as `hashlib` and `hashlib.sha256`."""
    names = set()
    for node in nodes:
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(package)):
                names |= {package, *(f"{package}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("standard", [NIST, ASVS], ids=["NIST", "ASVS"])
def test_every_requirement_is_there_once(standard):
    is_nist = standard is NIST
    numbers = [row.number for row in ROWS if row.chapter.startswith("NIST") is is_nist]
    assert Counter(numbers) == Counter(standard.split())


def test_a_requirement_is_proven_or_it_is_said_why_not():
    without_tests = [row for row in ROWS if not row.tests]
    assert {row.verdict for row in without_tests} <= {"not met", "does not apply"}, without_tests


@BOTH
def test_every_cell_says_something(text):
    for heading, *lines in tables(text):
        for line in lines:
            assert len(line) == len(heading), line
            assert all(re.search(r"\w", cell) for cell in line), line


@BOTH
def test_every_test_that_is_named_exists(text):
    named = set(TEST.findall(text))
    assert len(named) > 50
    for path, _, name in (test.partition("::") for test in sorted(named)):
        assert (ROOT / path).is_file(), path
        assert name in names_in(ROOT / path), f"{path}::{name}"


def test_the_summary_counts_the_rows():
    counts = {row.chapter: Counter[str]() for row in ROWS}
    for row in ROWS:
        counts[row.chapter][row.verdict] += 1
    (summary,) = [table for table in tables(COMPLIANCE) if table[0][-1] == "does not apply"]
    verdicts = summary[0][1:]
    told = {name: dict(zip(verdicts, map(int, cells), strict=True)) for name, *cells in summary[1:]}
    assert told == {name: {v: count[v] for v in verdicts} for name, count in counts.items()}


@BOTH
def test_every_setting_that_is_named_exists(text):
    named = set(re.findall(r"`(OTP_[A-Z_]+)\b", text))
    assert named <= set(map(str.upper, Settings.model_fields))


@BOTH
def test_every_file_that_is_named_exists(text):
    for path in re.findall(r"`((?:api|shared|worker|docs|tests)/[\w/.]+\.\w+)`", text):
        assert (ROOT / path).is_file(), path


@BOTH
def test_every_link_leads_somewhere(text):
    for file, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", text):
        target = text if not file else (ROOT / "docs" / file).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", target, re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}
        assert anchor in slugs, f"{file}#{anchor}"


def test_every_key_in_redis_has_a_level():
    (classes,) = [table for table in tables(TEXT) if table[0] == ["level", "keys"]]
    classified = [key for _, keys in classes[1:] for key in re.findall("`(otp:[^`]+)`", keys)]
    (listed,) = [table for table in tables(ARCHITECTURE) if table[0][0] == "key"]
    held = [key for row in listed for key in re.findall("`(otp:[^`]+)`", row[0])]
    assert sorted(classified) == sorted(held)


def test_every_use_of_cryptography_is_in_the_inventory():
    (inventory,) = [table for table in tables(TEXT) if table[0][:2] == ["for what", "algorithm"]]
    listed = {path for line in inventory for path in re.findall(r"`([\w/]+\.py)`", line[-1])}
    using = {
        path
        for path, nodes in sources()
        if {part for name in imported(nodes) for part in (name, name.split(".")[0])} & CRYPTOGRAPHY
    }
    assert listed == using


def test_no_weak_hash_is_used_but_for_twilio_and_cram_md5():
    weak = re.compile(r"\b(md5|sha1|md4|new)\b")
    using = {
        (path, name)
        for path, nodes in sources()
        for name in imported(nodes)
        if name.startswith(("hashlib.", "hmac.")) and weak.search(name)
    }
    assert using == {
        ("shared/signatures.py", "hashlib.sha1"),
        ("worker/senders/smtp_login.py", "hashlib.md5"),
    }
    called = {
        (path, node.attr)
        for path, nodes in sources()
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"hashlib", "hmac"}
        and weak.search(node.attr)
    }
    assert called == set()


def test_every_event_that_is_logged_is_in_the_inventory():
    nodes = [node for _, nodes in sources() for node in nodes]
    words = {node.value for node in nodes if isinstance(node, ast.Constant)}
    logged = {
        node.args[0].value
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        and isinstance(node.args[0], ast.Constant)
    }
    (inventory,) = [table for table in tables(OPERATIONS) if table[0][0] == "event"]
    listed = {name for line in inventory[1:] for name in re.findall("`([a-z_]+)`", line[0])}
    assert logged <= listed
    assert listed <= words


def test_no_secret_is_compared_in_a_time_that_tells_of_it():
    secret = re.compile("sign|hash|digest|verifier|password|secret|token|hmac")
    compared = {
        f"{path}: {ast.unparse(node)}"
        for path, nodes in sources()
        for node in nodes
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and secret.search(ast.unparse(node))
    }
    assert compared == set()


def test_every_attack_is_told_of_by_its_number():
    (attacks,) = [table for table in tables(TEXT) if table[0][0] == "attack"]
    told = {
        (name.strip("*").lower(), test)
        for name, _, tests in attacks
        for test in TEST.findall(tests)
    }
    tried = {
        (name.split("_")[1], f"{path.relative_to(ROOT)}::{name}")
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in names_in(path)
        if re.match(r"test_a\d+_", name)
    }
    assert tried <= told
