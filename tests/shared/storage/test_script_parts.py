"""Each file of shared/scripts names the parts of lib/ whose functions it calls."""

import re
from pathlib import Path

import pytest

from shared.storage import scripts
from shared.storage.scripts import script_text

FOLDER = Path(scripts.__file__).parents[1] / "scripts"
TEXTS = {
    path.relative_to(FOLDER).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in FOLDER.rglob("*.lua")
}
PARTS = {name.removeprefix("lib/"): text for name, text in TEXTS.items() if name[:4] == "lib/"}


def named(line: str, text: str) -> set[str]:
    found = re.search(rf"^-- {line}: (.+)$", text, re.MULTILINE)
    return set(found[1].split(", ")) if found else set()


def functions_of(text: str) -> set[str]:
    return set(re.findall(r"^local function (\w+)\(", text, re.MULTILINE))


def calls_of(text: str) -> set[str]:
    code = re.sub("--.*", "", text)
    return set(re.findall(r"(?<![\w.:'])(\w+)(?=\()", code))


LAZY = set().union(*(named("May use", text) for text in TEXTS.values()))
DEFINED_IN = {
    function: part
    for part, text in PARTS.items()
    if part not in LAZY
    for function in functions_of(text)
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_file_uses_the_parts_whose_functions_it_calls(name):
    own = re.findall(r"local function (\w+)", TEXTS[name])
    called = {DEFINED_IN[one] for one in calls_of(TEXTS[name]) - set(own) if one in DEFINED_IN}
    assert called <= named("Uses", TEXTS[name])


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_file_may_use_the_parts_that_it_asks_for(name):
    asked = {one[4:] for one in calls_of(TEXTS[name]) if one.startswith("use_")}
    assert asked == named("May use", TEXTS[name])


@pytest.mark.parametrize("part", sorted(LAZY))
def test_a_part_that_is_used_now_and_then_returns_each_function_that_is_called(part):
    (returned,) = re.findall(r"^return (\{.+?\})$", PARTS[part], re.MULTILINE | re.DOTALL)
    returns = set(re.findall(r"(\w+) = ", returned))
    called = set(re.findall(rf"use_{part}\(\)\.(\w+)", "\n".join(TEXTS.values())))
    assert called <= returns <= functions_of(PARTS[part])


def test_a_script_creates_the_functions_of_such_a_part_when_it_calls_them(redis):
    script = script_text("verification/refuse")
    assert "function write_event" in script
    refused = redis.register_script(script)
    refused(args=['{"app":"default","rule":"resend"}'])
    assert redis.keys("otp:webhook*") == []
    refused(args=['{"app":"default","rule":"guard_range","webhook":"e1","channel":"sms"}'])
    assert redis.hget("otp:webhook:e1", "app") == b"default"
