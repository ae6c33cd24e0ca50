"""A Redis that refuses commands, whatever its version and its reason, is 503 and never 500."""

import pytest

from api import create_app
from shared.storage.client import connect
from tests.conftest import Caller
from tests.redis_servers import REAL_REDIS
from tests.refusals import WAYS, refusable_redis
from tests.user import OTHER_PHONE


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_RESEND_SECONDS": "0"}


@pytest.fixture(params=REAL_REDIS.values(), ids=list(REAL_REDIS))
def program(request) -> str:
    return request.param


def is_unavailable(answer) -> bool:
    found = answer.status_code, (answer.json or {}).get("code"), answer.headers.get("Retry-After")
    return found == (503, "storage_unavailable", "1")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_call_that_writes_is_unavailable_and_leaves_nothing(
    tmp_path, settings, codes, program, way
):
    with refusable_redis(tmp_path, program) as (redis, admin):
        client = create_app(settings, redis).test_client()
        caller = Caller(client, codes)
        started = caller.generate()
        kept = everything(admin)
        take_again = way(admin)
        refused = caller.generate(), caller.generate(OTHER_PHONE)
        take_again()
        assert [is_unavailable(answer) for answer in refused] == [True, True]
        assert everything(admin) == kept
        assert caller.generate(OTHER_PHONE).status_code == 202
        assert caller.verify(caller.code(started)).status_code == 200


@pytest.mark.parametrize("way", [name for name in WAYS if name != "full"])
def test_a_check_is_unavailable_and_not_counted(tmp_path, settings, codes, program, way):
    with refusable_redis(tmp_path, program) as (redis, admin):
        caller = Caller(create_app(settings, redis).test_client(), codes)
        started = caller.generate()
        take_again = WAYS[way](admin)
        refused = [caller.mistype(started) for _ in range(6)]
        take_again()
        assert all(map(is_unavailable, refused))
        assert caller.verify(caller.code(started)).status_code == 200


@pytest.mark.parametrize("way", ["busy", "a replica without its master"])
@pytest.mark.parametrize("path", ["/verifications/{id}", "/health/ready"])
def test_reading_is_unavailable_as_well(tmp_path, settings, codes, program, way, path):
    with refusable_redis(tmp_path, program) as (redis, admin):
        client = create_app(settings, redis).test_client()
        started = Caller(client, codes).generate()
        path = path.format(id=started.json["verification_id"])
        take_again = WAYS[way](admin)
        refused = client.get(path)
        take_again()
        assert is_unavailable(refused)
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("way", ["busy", "a replica without its master"])
def test_the_metrics_say_so(tmp_path, settings, program, way):
    with refusable_redis(tmp_path, program) as (redis, admin):
        client = create_app(settings, redis).test_client()
        take_again = WAYS[way](admin)
        refused = client.get("/metrics")
        take_again()
        assert refused.status_code == 200
        assert "\notp_redis_up 0.0\n" in refused.text
        assert "\notp_build_info{" in refused.text
        assert "\notp_workers " not in refused.text
        assert "\notp_redis_up 1.0\n" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("login", "database"), [("", "/99"), ("otp:wrong@", "/0"), ("nobody:pw@", "/0"), ("", "/0")]
)
def test_a_connection_that_is_refused_is_unavailable(tmp_path, settings, program, login, database):
    """Its database, its password, its user, and none where one is needed."""
    with refusable_redis(tmp_path, program) as (redis, admin):
        if not login and database == "/0":
            admin.config_set("requirepass", "owners")
        port = redis.get_connection_kwargs()["port"]
        url = f"redis://{login}127.0.0.1:{port}{database}"
        with connect(url, timeout_seconds=1) as client:
            answer = Caller(create_app(settings, client).test_client(), None).generate()
        assert is_unavailable(answer)


def everything(admin):
    read = {
        b"string": admin.get,
        b"hash": admin.hgetall,
        b"list": lambda key: admin.lrange(key, 0, -1),
        b"zset": lambda key: admin.zrange(key, 0, -1, withscores=True),
        b"set": admin.smembers,
    }
    return {key: read[admin.type(key)](key) for key in admin.keys() if key != b"otp:ready"}
