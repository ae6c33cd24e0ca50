"""How the suite runs: which tests share a process, which need no server, and what is printed at
the end."""

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

# Where the service runs, fixtures that start a program, and what a file imports to start one or to
# play a provider.
RUNNING = [
    Path(__file__).parent / folder
    for folder in ("attacks", "chaos", "deploy", "e2e", "simulation", "upgrade")
]
PROGRAMS = {"redis_url", "redis_6_2_url"}
STARTING = {"node", "preloaded", "redis_server", "refusable_redis", "serving", "subprocess"}

_FIGURES = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "only tests that start no program and measure no seconds"
    parser.addoption("--unit", action="store_true", help=told)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Importing what --unit leaves out takes longer than running the rest."""
    is_running = any(folder in collection_path.parents for folder in RUNNING)
    return True if is_running and config.getoption("--unit") else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--unit"):
        items[:] = [item for item in items if _is_unit(item)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        _put_long_files_first(items)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave the modules and tests alone, which stay, and look less often
    at the apps that tests leave behind. It took a fifth of the CPU of the API's tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def _put_long_files_first(items: list[pytest.Item]) -> None:
    """Otherwise one process would be left with them at the end. Files that run alone are the last:
    then there are no other tests left that would have to wait for them."""
    slow = set(RUNNING)
    items.sort(key=lambda item: (_is_alone(item), slow.isdisjoint(item.path.parents)))


def _is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


def _is_unit(item: pytest.Item) -> bool:
    assert isinstance(item, pytest.Function)
    on_redis = item.callspec.params.get("redis", "fake") if hasattr(item, "callspec") else "fake"
    return (
        on_redis == "fake"
        and not _is_alone(item)
        and PROGRAMS.isdisjoint(item.fixturenames)
        and STARTING.isdisjoint(vars(item.module))
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Where everything is there, nothing may be skipped."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def figure(request) -> Callable[[str, str], None]:
    """Keep a measured figure, by its name, for the block at the end of the run."""
    return request.config.stash.setdefault(_FIGURES, {}).__setitem__


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of pytest-xdist hands its figures to the one that prints them."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = session.config.stash.get(_FIGURES, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    figures = getattr(node, "workeroutput", {}).get("figures", {})
    node.config.stash.setdefault(_FIGURES, {}).update(figures)


def pytest_terminal_summary(terminalreporter, config) -> None:
    figures = config.stash.get(_FIGURES, {})
    if figures:
        terminalreporter.section("figures")
        for name, value in figures.items():
            terminalreporter.write_line(f"{name:<58} {value}")
