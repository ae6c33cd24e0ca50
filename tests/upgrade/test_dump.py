"""The dump of this version, which the next one has to read."""

import json

import pytest

from tests.upgrade.dump import FOLDER, ROOT, dump, written


@pytest.fixture(scope="module")
def dumped():
    return dump(ROOT)


def test_this_version_writes_all_that_earlier_dumps_have(dumped):
    kept = [json.loads(file.read_text(encoding="utf-8")) for file in FOLDER.glob("*.json")]
    assert len(kept) >= 6
    for other in kept:
        assert dumped.keys() >= other.keys()
        assert dumped["verifications"].keys() >= other["verifications"].keys()
    ids = {of["id"] for of in dumped["verifications"].values()}
    records = {f"otp:verification:{id_}" for id_ in ids}
    assert records <= {one["key"] for one in dumped["keys"]}


def test_a_dump_is_read_as_it_was_written(dumped):
    assert json.loads(written(dumped)) == dumped
