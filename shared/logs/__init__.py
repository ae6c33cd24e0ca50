"""Log lines on stdout: constant text, facts as fields, addresses masked."""

import logging
import sys
import threading
from types import TracebackType
from typing import Literal

from shared.logs.lines import JsonLines, TextLines, has_colors

__all__ = ["JsonLines", "LogFormat", "LogLevel", "set_up"]

LogFormat = Literal["json", "text"]
LogLevel = Literal["info", "debug"]

log = logging.getLogger("otp")


def set_up(form: LogFormat = "json", level: LogLevel = "info") -> None:
    """Send every logger of the process to stdout, and what ends it or one of its threads, too. Only
    our own loggers get a lower level: what libraries say at DEBUG may hold codes and addresses."""
    # The lines do not say which code, thread or process wrote them, and looking that up is half of
    # what a line costs. https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None  # noqa: SLF001
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stdout)
    is_text = form == "text"
    handler.setFormatter(TextLines(colors=has_colors(sys.stdout)) if is_text else JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    log.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash
    threading.excepthook = _log_thread_crash


def _log_crash(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        log.critical("crashed", exc_info=(kind, error, traceback))


def _log_thread_crash(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _log_crash(args.exc_type, args.exc_value, args.exc_traceback)
