"""The sizes that keep the code easy to read. Vendored and generated files are left out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 350, 60
MOST_PARAMETERS, MOST_MODULES = 7, 10
WRITTEN = {".py", ".js", ".mjs", ".ts", ".css", ".lua"}
UNWRITTEN = {"node_modules", "dist"}
VENDORED = ("frontend/vendor/", "tests/data/")
# By make docs.
GENERATED = {f"clients/python/src/sixpost/{name}.py" for name in ("api", "_calls")}
# It ends with the first `}` or `end` that is indented as it is.
FUNCTION_BEGINS = re.compile(
    r"^(?P<indent>\s*)(?:export )?(?:default )?(?:local )?(?:async )?function\b.*$"
    r"|^(?P<indent_2>\s*)(?:export )?const \w+ = (?:async )?(?:\([^)]*\)|\w+) => \{$"
)


FOLDERS = ("api", "bench", "clients", "deploy", "docs", "frontend", "shared", "tests", "worker")
FILES = [
    name
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in WRITTEN
    and not (name := path.relative_to(ROOT).as_posix()).startswith(VENDORED)
    and name not in GENERATED
    and UNWRITTEN.isdisjoint(path.parts)
]
PYTHON = [name for name in FILES if name.endswith(".py")]
SCRIPTS = [name for name in FILES if name.endswith((".js", ".mjs", ".ts", ".lua"))]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def functions(name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = statements(ast.parse(text_of(name)))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node, at any depth. Unlike ast.walk, without the expressions in them."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, block, ()):
            yield statement
            yield from statements(statement)


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many a caller can give."""
    of = function.args
    names = [one.arg for one in (*of.posonlyargs, *of.args, *of.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def script_functions(text: str) -> dict[str, int]:
    """The lines of each function of a JavaScript or Lua file, by its first one."""
    lines, lengths = text.splitlines(), {}
    for begin, line in enumerate(lines):
        if found := FUNCTION_BEGINS.match(line):
            indent = found["indent"] or found["indent_2"] or ""
            end = re.compile(rf"{indent}(?:end\b|\}})")
            ends = (n for n, later in enumerate(lines[begin + 1 :], 2) if end.match(later))
            lengths[line.strip()] = next(ends, 1)
    return lengths


def test_the_files_are_found():
    assert {name.partition("/")[0] for name in FILES} == set(FOLDERS)
    assert {Path(name).suffix for name in FILES} == WRITTEN


def test_no_file_is_too_long():
    lines = {name: len(text_of(name).splitlines()) for name in FILES}
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}


def test_no_function_is_too_long():
    lines = {
        f"{name}: {function.name}": function.end_lineno - function.lineno + 1
        for name in PYTHON
        for function in functions(name)
    }
    for name in SCRIPTS:
        found = script_functions(text_of(name)).items()
        lines |= {f"{name}: {first_line}": n for first_line, n in found}
    assert len(lines) > 4000
    assert not {name for name, n in lines.items() if n > MOST_LINES_OF_A_FUNCTION}


def test_no_function_takes_too_much():
    taken = {
        f"{name}: {function.name}": parameters(function)
        for name in PYTHON
        for function in functions(name)
    }
    assert {name: n for name, n in taken.items() if n > MOST_PARAMETERS} == {}


def test_what_runs_alone_is_a_whole_file():
    """In the middle of a file, such a test would keep all other processes waiting."""
    marks = re.compile(r"^(?!pytestmark = pytest\.mark\.alone$).*\bmark\.alone\b.*$", re.MULTILINE)
    found = {name: lines for name in PYTHON if (lines := marks.findall(text_of(name)))}
    assert found == {}


@pytest.mark.parametrize("package", ["api", "shared"])
def test_a_package_shows_its_design_at_the_top(package):
    top = [path.stem for path in (ROOT / package).glob("*.py") if not path.stem.startswith("__")]
    assert top
    assert len(top) <= MOST_MODULES, top


def test_the_lengths_are_those_of_the_functions():
    script = "export function a() {\n  if (b) {\n  }\n}\nlocal function c()\n  return 1\nend\n"
    assert script_functions(script) == {"export function a() {": 4, "local function c()": 3}
    arrow = "  const d = (e) => {\n    f();\n  };\n"
    assert script_functions(arrow) == {"const d = (e) => {": 3}
