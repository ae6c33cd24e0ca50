"""shared/storage/keys.py names every key: the modules, the scripts and the docs agree with it."""

import ast
import re
from collections.abc import Iterator
from inspect import isbuiltin
from pathlib import Path

import pytest

from shared.storage import keys
from tests.test_security_doc import ARCHITECTURE, TEXT, sources, tables

SCRIPTS = Path(keys.__file__).parents[1] / "scripts"
OURS = ("otp:", "rq:")


def named() -> dict[str, str]:
    """Every key by the name it has in Python, with {} where it varies."""
    found = {}
    for name, key in vars(keys).items():
        if isbuiltin(key):
            found[name] = str(key.__self__)
        elif isinstance(key, str) and key.startswith(OURS) and key != keys.NOTHING:
            found[name] = key
    return found


def in_scripts() -> Iterator[str]:
    """Keys and beginnings of keys, which end in a colon."""
    for path in SCRIPTS.rglob("*.lua"):
        yield from re.findall(r"'((?:otp|rq):[^']*)'", path.read_text(encoding="utf-8"))


def is_of(literal: str, key: str) -> bool:
    parts, pattern = literal.split(":"), key.split(":")
    if parts[-1] and len(parts) != len(pattern):
        return False
    return len(parts) <= len(pattern) and all(
        of in ("{}", part) for part, of in zip(parts, pattern, strict=False)
    )


def in_table(text: str, *, heading: str, column: int) -> list[str]:
    (table,) = [table for table in tables(text) if table[0][column] == heading]
    found = [key for row in table for key in re.findall("`(otp:[^`]+)`", row[column])]
    return [re.sub(r"\{\w+\}", "{}", key) for key in found]


def test_scripts_use_only_the_keys_that_are_named():
    for literal in in_scripts():
        assert any(is_of(literal, key) for key in named().values()), literal


def test_other_modules_use_the_names():
    for path, nodes in sources():
        if path != "shared/storage/keys.py":
            texts = {
                node.value
                for node in nodes
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            assert not [text for text in texts if text.startswith(OURS)], path


def test_every_key_that_is_named_is_used():
    nodes = [node for _, nodes in sources() for node in nodes]
    used = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    for name, key in named().items():
        in_python = f"keys.{name}" in used
        assert in_python or any(is_of(literal, key) for literal in in_scripts()), name


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(in_table(ARCHITECTURE, heading="key", column=0), id="architecture.md"),
        pytest.param(in_table(TEXT, heading="keys", column=1), id="security.md"),
    ],
)
def test_the_docs_list_every_key_once(table):
    assert sorted(table) == sorted(key for key in named().values() if key.startswith("otp:"))
