"""`python -m api.audit`: print the audit log, to keep it longer or elsewhere."""

import argparse
import sys
from datetime import UTC, datetime

from api.admin.audit_files import csv_table, json_lines
from api.printing import print_all
from shared.errors import StorageUnavailable
from shared.owner.audit import Audit
from shared.settings import Settings, SettingsError
from shared.storage.client import connect
from shared.storage.scripts import Scripts

_ABOUT = """\
Print the audit log, oldest entry first, as JSON lines. See docs/operations.md.

Redis keeps the last 1,000 entries for OTP_KEEP_AUDIT. Addresses are masked.
"""
_MORE = """\
examples:
  python -m api.audit --since 2026-11-01 > audit.jsonl
  python -m api.audit --csv --since 2026-11-01 --until 2026-12-01 > november.csv
"""
_FORMATS = {False: json_lines, True: csv_table}
_PATIENCE_SECONDS = 5.0


def _time(text: str) -> float:
    """In Unix seconds."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is not a date or time such as 2026-11-01 or 2026-11-01T08:00:00Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api.audit",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--csv", action="store_true", help="a table for spreadsheets")
    parser.add_argument("--since", metavar="TIME", type=_time, help="first time (UTC)")
    parser.add_argument("--until", metavar="TIME", type=_time, help="time to stop before (UTC)")
    return parser


def main() -> None:
    arguments = _parser().parse_args()
    try:
        settings = Settings.load()
        url = settings.redis_url.get_secret_value()
        with connect(url, timeout_seconds=_PATIENCE_SECONDS) as redis:
            audit = Audit(Scripts(redis), keep_seconds=settings.otp_keep_audit)
            entries = audit.oldest_first(arguments.since, arguments.until)
        print_all(_FORMATS[arguments.csv](entries))
    except (SettingsError, StorageUnavailable) as error:
        sys.exit(f"otp audit: {error}")
    except OSError as error:
        sys.exit(f"otp audit: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
