"""The documents are true: their tables list what the code has, and every link, path, setting and
command in them exists. test_security_doc.py checks the tables of security, logs and keys, and
tests/api/metrics/test_documented.py that of the metrics."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.http import errors
from deploy import docs
from shared.settings import Settings, routes
from tests.test_security_doc import ROOT, tables

TOP = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")]
CLIENTS = sorted((ROOT / "clients").glob("*/README.md"))
PAGES = [*TOP, *CLIENTS, *sorted((ROOT / "docs").rglob("*.md"))]
PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
# What Kubernetes sets for a Service named otp, and an error of better-auth.
NO_SETTINGS = {"OTP_SERVICE_HOST", "OTP_PORT", "OTP_EXPIRED"}


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", read(page), flags=re.MULTILINE | re.DOTALL)


def table(page: str, heading: str) -> Iterator[str]:
    """The first cells of the tables whose first heading is that one."""
    found = [rows for rows in tables(read(ROOT / page)) if rows[0][0] == heading]
    assert found
    return (row[0] for rows in found for row in rows[1:])


def names_in_table(page: str, heading: str) -> list[str]:
    return [name for cell in table(page, heading) for name in re.findall("`([^`]+)`", cell)]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}


@PAGE
def test_every_link_leads_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]+))?\)", prose(page)):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


def test_a_guide_is_one_page():
    guides = (ROOT / "docs/integrations").glob("*.md")
    lines = {guide.name: len(read(guide).splitlines()) for guide in guides}
    assert len(lines) > 5
    assert {name: n for name, n in lines.items() if n > 80} == {}


@PAGE
def test_every_file_that_is_named_exists(page):
    for path in re.findall(
        r"`((?:api|bench|deploy|docs|frontend|shared|tests|worker)/[\w/.-]*)`", prose(page)
    ):
        # The sender of the example is the reader's to write.
        assert (ROOT / path).exists() or "acme" in path, path


@PAGE
def test_what_is_installed_from_a_checkout_exists(page):
    for path in re.findall(r"(?:\./|--prefix )sixpost/([\w/-]+\w)(?![\w/$-])", read(page)):
        assert (ROOT / path).is_dir(), path


@PAGE
def test_every_setting_that_is_named_exists(page):
    named = set(re.findall(r"\b(OTP_[A-Z_]+[A-Z])\b", prose(page)))
    named = {name.removesuffix("_FILE") for name in named}
    given = {str.upper(name) for name in Settings.model_fields}
    assert named <= given | NO_SETTINGS


def test_the_settings_are_listed():
    listed = names_in_table("docs/settings.md", "name")
    assert sorted(listed) == sorted(map(str.upper, Settings.model_fields))


def test_the_example_of_routes_is_right():
    example = re.findall(
        r"^ *# sms_routes.toml\n(.*?)^ *```",
        read(ROOT / "docs/routes.md"),
        re.MULTILINE | re.DOTALL,
    )
    assert {*routes.read("sms", *example)} == {"IN", "GB", "CU", "default"}


def test_the_scripts_are_listed():
    scripts = sorted(path.stem for path in (ROOT / "shared/scripts").glob("[!l]*/*.lua"))
    assert sorted(names_in_table("docs/architecture.md", "script")) == scripts


def test_the_commands_are_listed():
    targets = re.findall(r"^([a-z-]+):.*## ", read(ROOT / "Makefile"), re.MULTILINE)
    listed = names_in_table("CONTRIBUTING.md", "command")
    assert sorted(name for name in listed if name.startswith("make ")) == sorted(
        f"make {target}" for target in targets
    )


@PAGE
def test_every_command_that_is_named_exists(page):
    text = read(page)
    targets = re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= set(targets)
    for module in re.findall(r"python -m ((?:api|worker|shared)[\w.]*)", text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def test_the_keys_that_codes_derive_from_are_listed():
    purposes = set(re.findall(r'\beach\("(\w+)"\)', read(ROOT / "shared/codes.py")))
    assert len(purposes) > 5
    rows = [row for row in tables(read(ROOT / "docs/security.md")) if row[0][0] == "for what"]
    listed = {name for row in rows[0][1:] for name in re.findall(r"purpose `(\w+)`", row[2])}
    assert listed == purposes


def test_the_errors_are_listed():
    (rows,) = [t for t in tables(read(ROOT / "docs/api.md")) if t[0][:2] == ["status", "`code`"]]
    listed = {code: int(status) for status, code, _ in rows[1:]}
    assert listed == {f"`{code}`": status for code, (status, _) in errors.documented().items()}


@pytest.mark.parametrize("path", docs.generated(), ids=lambda path: path.name)
def test_what_make_docs_writes_is_up_to_date(path):
    assert read(path) == docs.generated()[path]


def test_a_setting_is_described_in_sentences():
    for name in Settings.model_fields:
        assert re.fullmatch(r"[A-Z`\[].*\.", docs.description(name)), name


def test_compose_passes_every_setting_on():
    compose = read(ROOT / "docker-compose.yml")
    # The same in every container, whatever .env says for `make run`.
    fixed = {"REDIS_URL", "HOST", "PORT", "OTP_DATA_DIR"}
    passed_on = set(re.findall(r"^    ([A-Z_]+):$", compose, re.MULTILINE))
    assert passed_on == {*map(str.upper, Settings.model_fields)} - fixed


def test_the_readme_is_short():
    assert len(read(ROOT / "README.md").splitlines()) <= 180


def test_git_ignores_the_files_that_owners_are_told_to_create():
    """They hold secrets, or addresses of clients."""
    text = "\n".join(map(read, PAGES))
    by_commands = set(re.findall(r" > ([a-z][\w./-]*)\)?$", text, re.MULTILINE))
    by_compose = set(re.findall(r"file: \./([\w./-]+)", text))
    created = {"docker-compose.override.yml"} | by_commands | by_compose
    assert {"sixpost.backup", "secrets/sixpost_metrics_key", "november.jsonl"} <= created
    ran = subprocess.run(
        ["git", "check-ignore", *created], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(ran.stdout.split()) == created
