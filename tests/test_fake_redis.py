"""The fake Redis, where it is more than fakeredis."""

import pytest
from redis import ResponseError

from tests.fake_redis import fake_redis


def test_no_script_leaves_a_global_to_the_next():
    with fake_redis() as redis:
        with pytest.raises(ResponseError, match="attempted to create global variable 'x'"):
            redis.eval("x = 1 redis.call('SET', 'key', x)", 0)
        assert redis.eval("return {tostring(rawget(_G, 'x'))}", 0) == [b"nil"]
        assert redis.keys() == []


def test_each_is_empty_and_knows_no_script_of_another():
    with fake_redis() as one, fake_redis() as another:
        sha = one.script_load("return redis.call('INCR', KEYS[1])")
        assert one.evalsha(sha, 1, "key") == 1
        assert another.keys() == []
        assert another.script_exists(sha) == [False]
        assert another.eval("return redis.call('INCR', KEYS[1])", 1, "key") == 1
        assert one.get("key") == another.get("key") == b"1"
