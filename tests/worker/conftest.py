"""Two senders, for tests in which it matters which one is asked."""

import pytest

from tests.fakes import FakeSender


@pytest.fixture
def first() -> FakeSender:
    return FakeSender()


@pytest.fixture
def second() -> FakeSender:
    return FakeSender()
