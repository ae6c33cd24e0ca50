"""The audit log as a file."""

import csv
import io
import json

import pytest

from api.admin.audit_files import csv_table, json_lines
from shared.owner.audit import Entry
from tests.user import PHONE


def entry(**changed) -> Entry:
    fields = {"at": 1795941410.5, "action": "reveal", "actor": "admin", "ip": "192.0.2.1"}
    facts = {"to": "+1415*****23", "verification_id": "VE1"}
    return Entry(**{**fields, "times": 1, "facts": facts, **changed})


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_json_line_has_all_of_an_entry():
    assert json.loads(json_lines([entry()])) == {
        "at": "2026-11-29T08:36:50.500Z",
        "action": "reveal",
        "actor": "admin",
        "ip": "192.0.2.1",
        "times": 1,
        "facts": {"to": "+1415*****23", "verification_id": "VE1"},
    }


def test_a_row_has_the_same():
    (row,) = rows(csv_table([entry()]))
    assert {**row, "facts": json.loads(row["facts"])} == {
        **json.loads(json_lines([entry()])),
        "times": "1",
    }


def test_an_entry_without_a_time_is_not_left_out():
    assert json.loads(json_lines([entry(at=None)]))["at"] is None
    assert rows(csv_table([entry(at=None)]))[0]["at"] == ""


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_spreadsheet_runs_no_cell(first):
    text = f'{first}HYPERLINK("https://evil.example")'
    written = csv_table([entry(action=text, actor=text, ip=text, facts={text: text})])
    (row,) = rows(written)
    assert {row["action"], row["actor"], row["ip"]} == {f"'{text}"}
    assert row["facts"].startswith("{")


def test_a_line_break_or_a_quote_stays_in_its_cell():
    text = 'a"b\nc,d'
    (row,) = rows(csv_table([entry(actor=text)]))
    assert row["actor"] == text
    assert json_lines([entry(actor=text)]).count("\n") == 1


def test_the_dashboard_gives_both_files(owner, act):
    assert act("unblock", to=PHONE).status_code == 204
    lines = owner.open("/admin/audit.jsonl")
    table = owner.open("/admin/audit.csv")
    assert [json.loads(line)["action"] for line in lines.text.splitlines()] == ["log_in", "unblock"]
    assert [row["action"] for row in rows(table.text)] == ["log_in", "unblock"]
    assert PHONE not in lines.text + table.text
    for answer, name in ((lines, "audit.jsonl"), (table, "audit.csv")):
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["Cache-Control"] == "no-store"
