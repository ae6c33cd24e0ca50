"""Scripts have one clock, and nothing but its time decides when a key expires."""

import ast
import re
from pathlib import Path

import pytest

from shared.storage import scripts
from tests.test_security_doc import sources

FOLDER = Path(scripts.__file__).parents[1] / "scripts"
TEXTS = {
    path.relative_to(FOLDER).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in FOLDER.rglob("*.lua")
}
# They count from the server's own time, or ask what is left of it.
COMMANDS = {
    *("EXPIRE", "PEXPIRE", "SETEX", "PSETEX", "GETEX"),
    *("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "PERSIST"),
}
OPTIONS = {"EX", "PX", "KEEPTTL"}


def words_of(text: str) -> set[str]:
    return {word.upper() for word in re.findall("""['"](\\w+)['"]""", text)}


def commands_of(text: str) -> set[str]:
    return {word.upper() for word in re.findall("""call\\(\\s*['"](\\w+)['"]""", text)}


def test_only_one_function_asks_for_the_time():
    assert [name for name, text in TEXTS.items() if "TIME" in words_of(text)] == ["lib/time"]
    assert len(re.findall("'TIME'", TEXTS["lib/time"])) == 1


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_script_has_keys_expire_at_a_time_and_asks_for_no_ttl(name):
    assert commands_of(TEXTS[name]) & COMMANDS == set()
    assert words_of(TEXTS[name]) & OPTIONS == set()


def test_the_words_of_a_script_are_found():
    text = "redis.pcall('SET', key, 1, \"px\", 60)"
    assert words_of(text) == {"SET", "PX"}
    assert commands_of(text) == {"SET"}


def test_no_key_and_no_argument_sets_the_time():
    (body,) = re.findall(
        r"^local function now_ms\(\)\n(.*?)^end$", TEXTS["lib/time"], re.MULTILINE | re.DOTALL
    )
    assert words_of(body) == {"TIME"}
    assert not re.search("KEYS|ARGV", body)


def test_python_leaves_expiry_to_scripts():
    """Only scripts know the time of Redis."""
    relative = {command.lower() for command in COMMANDS} | {"pexpireat", "expireat"}
    for path, nodes in sources():
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        named = {node.func.attr for node in calls if isinstance(node.func, ast.Attribute)}
        options = {keyword.arg for node in calls for keyword in node.keywords}
        assert named & relative == set(), path
        assert options & {"ex", "px", "exat", "pxat"} == set(), path
