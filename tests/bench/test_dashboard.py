"""What the dashboard's counting costs is told by scripts that don't count for it."""

import pytest

from bench.dashboard import Lives, UncountedRedis, unlimited, without
from tests.conftest import redis_server


def test_a_verification_leaves_counts_for_metrics_and_none_for_the_dashboard(tmp_path):
    with redis_server(tmp_path) as server, UncountedRedis.from_url(server.url) as redis:
        Lives(redis, unlimited()).run(0.01)
        assert redis.exists("otp:counts")
        assert redis.keys("otp:stats:*") == []


def test_a_function_that_was_renamed_is_missed():
    with pytest.raises(LookupError, match="count_twice"):
        without(["count_twice"], "local function count()\nend\n")
