"""The audit log as a file, oldest entry first: JSON lines for programs, CSV for spreadsheets."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response

from shared.owner.audit import Audit, Entry
from shared.storage.reading import timestamp

# A spreadsheet takes a cell that begins with one of these for a formula.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS = ("at", "action", "actor", "ip", "times", "facts")


def json_lines(entries: Iterable[Entry]) -> str:
    return "".join(json.dumps(_fields(entry)) + "\n" for entry in entries)


def csv_table(entries: Iterable[Entry]) -> str:
    """With a head. The facts of an entry are JSON in one cell."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(_COLUMNS)
    for entry in entries:
        fields = {**_fields(entry), "facts": json.dumps(entry.facts)}
        writer.writerow(_cell(fields[column]) for column in _COLUMNS)
    return table.getvalue()


def routes(admin: Blueprint, audit: Audit) -> None:
    @admin.get("/audit.jsonl")
    def as_json_lines() -> Response:
        return _file("audit.jsonl", "application/jsonl", json_lines(audit.oldest_first()))

    @admin.get("/audit.csv")
    def as_csv() -> Response:
        return _file("audit.csv", "text/csv; charset=utf-8", csv_table(audit.oldest_first()))


def _fields(entry: Entry) -> dict[str, Any]:
    return {
        "at": None if entry.at is None else timestamp(entry.at),
        "action": entry.action,
        "actor": entry.actor,
        "ip": entry.ip,
        "times": entry.times,
        "facts": entry.facts,
    }


def _cell(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if is_formula else value


def _file(name: str, content_type: str, text: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, headers=headers, content_type=content_type)
