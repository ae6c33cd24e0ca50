"""Rate limits of a Service, and their buckets."""

import json

import pytest

from shared.verify_v2.rate_limits import MOST_BUCKETS, MOST_LIMITS
from tests.api.verify_v2.conftest import ACCOUNT, TIME

NOBODYS = f"RK{'0' * 32}"
NO_BUCKET = f"BL{'0' * 32}"
IP = "198.51.100.7"


@pytest.fixture
def path(v2) -> str:
    """Of a new Service's rate limits."""
    return f"/Services/{v2.service()}/RateLimits"


@pytest.fixture
def limit(v2, path):
    """The path of a new rate limit, with these buckets of (max, interval)."""

    def limit(*buckets: tuple[int, int], name: str = "end_user_ip") -> str:
        made = v2.post(path, UniqueName=name)
        assert made.status_code == 201, made.json
        of_limit = f"{path}/{made.json['sid']}"
        for most, interval in buckets:
            assert v2.post(f"{of_limit}/Buckets", Max=most, Interval=interval).status_code == 201
        return of_limit

    return limit


def test_a_rate_limit_is_made_and_looked_at(v2, path):
    answer = v2.post(path, UniqueName="end_user_ip", Description="By the address")

    assert answer.status_code == 201
    limit = answer.json
    url = f"https://otp.example.com/v2{path}/{limit['sid']}"
    assert limit == {
        "sid": limit["sid"],
        "service_sid": path.split("/")[2],
        "account_sid": ACCOUNT,
        "unique_name": "end_user_ip",
        "description": "By the address",
        "date_created": limit["date_created"],
        "date_updated": limit["date_created"],
        "url": url,
        "links": {"buckets": f"{url}/Buckets"},
    }
    assert (limit["sid"][:2], len(limit["sid"])) == ("RK", 34)
    assert TIME.fullmatch(limit["date_created"])
    assert v2.get(f"{path}/{limit['sid']}").json == limit
    assert v2.get(path).json["rate_limits"] == [limit]


def test_a_rate_limit_is_described_anew(v2, limit):
    of_limit = limit((5, 60))

    assert v2.post(of_limit, Description="New").json["description"] == "New"
    assert v2.post(of_limit, UniqueName="another").json["unique_name"] == "end_user_ip"
    assert v2.get(of_limit).json["description"] == "New"
    assert len(v2.get(f"{of_limit}/Buckets").json["buckets"]) == 1


def test_a_bucket_is_made_changed_and_looked_at(v2, limit):
    of_limit = limit()

    answer = v2.post(f"{of_limit}/Buckets", Max=5, Interval=60)

    assert answer.status_code == 201
    bucket = answer.json
    of_bucket = f"{of_limit}/Buckets/{bucket['sid']}"
    assert bucket == {
        "sid": bucket["sid"],
        "rate_limit_sid": of_limit.split("/")[-1],
        "service_sid": of_limit.split("/")[2],
        "account_sid": ACCOUNT,
        "max": 5,
        "interval": 60,
        "date_created": bucket["date_created"],
        "date_updated": bucket["date_created"],
        "url": f"https://otp.example.com/v2{of_bucket}",
    }
    assert (bucket["sid"][:2], len(bucket["sid"])) == ("BL", 34)
    assert v2.get(of_bucket).json == bucket
    changed = v2.post(of_bucket, Max=7)
    assert (changed.status_code, changed.json["max"], changed.json["interval"]) == (200, 7, 60)
    assert v2.post(of_bucket, Interval=30).json["interval"] == 30
    assert v2.post(of_bucket, Max=8, Interval=30).json["max"] == 8
    assert v2.get(of_bucket).json["max"] == 8


def test_what_is_deleted_is_gone(v2, limit, refused):
    of_limit = limit((5, 60), (20, 3600))
    first, second = v2.get(f"{of_limit}/Buckets").json["buckets"]
    of_first = f"{of_limit}/Buckets/{first['sid']}"

    assert (v2.delete(of_first).status_code, v2.delete(of_limit).data) == (204, b"")
    for gone in (of_first, of_limit, f"{of_limit}/Buckets"):
        error = refused(v2.get(gone), 404, 20404)
        assert error["message"] == f"The requested resource {gone} was not found"
    refused(v2.delete(of_first), 404, 20404)
    refused(v2.delete(of_limit), 404, 20404)
    assert second["interval"] == 3600


def test_lists_are_in_pages(v2, limit, path):
    names = [f"limit.{letter}" for letter in "abc"]
    paths = [limit(*[(1, n) for n in range(1, 4)], name=name) for name in names]

    pages = [v2.get(path, PageSize=2, Page=page).json for page in range(2)]

    assert [item["unique_name"] for page in pages for item in page["rate_limits"]] == names
    assert pages[0]["meta"]["next_page_url"].endswith("/RateLimits?PageSize=2&Page=1")
    assert pages[1]["meta"]["next_page_url"] is None
    buckets = v2.get(f"{paths[0]}/Buckets", PageSize=2, Page=1).json
    assert [bucket["interval"] for bucket in buckets["buckets"]] == [3]
    assert buckets["meta"]["key"] == "buckets"


def test_a_name_is_there_once_and_of_letters_that_all_can_write(v2, path, limit, refused):
    limit()

    refused(v2.post(path, UniqueName="end_user_ip"), 400, 60208)
    for name in ("end user ip", "naïve", "a/b", "x" * 65):
        refused(v2.post(path, UniqueName=name), 400, 60209)
    assert "UniqueName" in refused(v2.post(path), 400, 60200)["message"]
    assert len(v2.get(path).json["rate_limits"]) == 1
    limit(name="End-User.IP_2")


def test_an_interval_is_there_once(v2, limit, refused):
    of_limit = limit((5, 60), (20, 3600))
    first = v2.get(f"{of_limit}/Buckets").json["buckets"][0]

    refused(v2.post(f"{of_limit}/Buckets", Max=9, Interval=60), 400, 60211)
    refused(v2.post(f"{of_limit}/Buckets/{first['sid']}", Interval=3600), 400, 60211)
    assert v2.post(f"{of_limit}/Buckets/{first['sid']}", Interval=60).status_code == 200


def test_there_are_only_so_many(v2, limit, path, refused):
    paths = [limit(name=f"limit{n}") for n in range(MOST_LIMITS)]
    for interval in range(1, MOST_BUCKETS + 1):
        v2.post(f"{paths[0]}/Buckets", Max=1, Interval=interval)

    refused(v2.post(path, UniqueName="one.more"), 400, 60207)
    refused(v2.post(f"{paths[0]}/Buckets", Max=1, Interval=99), 400, 60210)


NO_SIZES = [
    ({"Max": "5"}, "Interval"),
    ({"Interval": "60"}, "Max"),
    ({"Max": "0", "Interval": "60"}, "Max"),
    ({"Max": "-1", "Interval": "60"}, "Max"),
    ({"Max": "many", "Interval": "60"}, "Max"),
    ({"Max": "100001", "Interval": "60"}, "Max"),
    ({"Max": "5", "Interval": "0"}, "Interval"),
    ({"Max": "5", "Interval": "604801"}, "Interval"),
    ({"Max": "5", "Interval": "1.5"}, "Interval"),
]


def test_a_bucket_of_no_size_is_refused(v2, limit, refused, subtests):
    of_limit = limit()
    for form, parameter in NO_SIZES:
        with subtests.test(form=form):
            assert (
                parameter in refused(v2.post(f"{of_limit}/Buckets", **form), 400, 60200)["message"]
            )
            assert v2.get(f"{of_limit}/Buckets").json["buckets"] == []


def test_a_long_description_is_refused(v2, path, refused):
    error = refused(v2.post(path, UniqueName="ip", Description="x" * 256), 400, 60200)

    assert "Description" in error["message"]


def test_nothing_is_found_where_it_does_not_belong(v2, bank, limit, path, refused):
    of_limit = limit((5, 60))
    of_bucket = (
        v2.get(f"{of_limit}/Buckets")
        .json["buckets"][0]["url"]
        .removeprefix("https://otp.example.com/v2")
    )
    sid = of_limit.split("/")[-1]
    elsewhere = f"/Services/{v2.service()}/RateLimits/{sid}"

    for caller, where in (
        (bank, path),
        (bank, of_limit),
        (bank, f"{of_limit}/Buckets"),
        (bank, of_bucket),
        (v2, elsewhere),
        (v2, f"{elsewhere}/Buckets"),
        (v2, f"{path}/{NOBODYS}"),
        (v2, f"{path}/{NOBODYS}/Buckets"),
        (v2, f"{of_limit}/Buckets/{NO_BUCKET}"),
    ):
        refused(caller.get(where), 404, 20404)
    for caller, where in ((bank, of_limit), (bank, of_bucket), (v2, elsewhere)):
        refused(caller.delete(where), 404, 20404)
        refused(caller.post(where, Max=9, Interval=9, Description="x"), 404, 20404)
    refused(bank.post(path, UniqueName="mine"), 404, 20404)
    refused(v2.post(f"{path}/{NOBODYS}/Buckets", Max=9, Interval=9), 404, 20404)
    assert len(v2.get(f"{of_limit}/Buckets").json["buckets"]) == 1


def test_they_go_with_their_service(v2, limit, redis):
    of_limit = limit((5, 60))
    assert redis.keys("otp:rate_limits:*")

    v2.delete("/".join(of_limit.split("/")[:3]))

    assert redis.keys("otp:rate_limits:*") == []


class TestOfVerifications:
    @pytest.fixture
    def ask(self, v2, path):
        """Ask for a code for the nth number, with these values of rate limits."""

        def ask(n: int, values: object):
            text = values if isinstance(values, str) else json.dumps(values)
            return v2.post(
                path.replace("RateLimits", "Verifications"),
                To=f"+1415555{n:04}",
                Channel="sms",
                RateLimits=text,
            )

        return ask

    def test_what_is_too_much_is_refused_by_name(self, ask, limit, refused):
        limit((2, 60), (5, 3600))
        for n in (100, 101):
            assert ask(n, {"end_user_ip": IP}).status_code == 201

        answer = ask(102, {"end_user_ip": IP})

        assert refused(answer, 429, 20429)["message"] == "Too many requests"
        assert answer.headers["Twilio-Reached-Rate-Limit"] == "end_user_ip"
        assert 50 < int(answer.headers["Retry-After"]) <= 60
        assert ask(102, {"end_user_ip": "198.51.100.8"}).status_code == 201

    def test_a_value_may_be_a_number(self, ask, limit, refused):
        limit((1, 60), name="user_id")
        assert ask(100, {"user_id": 7}).status_code == 201
        refused(ask(101, {"user_id": "7"}), 429, 20429)

    @pytest.mark.parametrize(
        "values",
        ["no JSON", "[1]", '"ip"', {"nobody": IP}, {"end_user_ip": None}, {"end_user_ip": [IP]}],
    )
    def test_values_that_mean_nothing_are_refused(self, ask, limit, refused, values):
        limit((1, 60))
        assert "RateLimits" in refused(ask(100, values), 400, 60200)["message"]
        assert ask(100, {"end_user_ip": IP}).status_code == 201

    def test_without_values_or_buckets_nothing_is_limited(self, ask, limit):
        limit((1, 60))
        limit(name="open")
        for n in range(100, 103):
            assert ask(n, {"open": IP}).status_code == 201
            assert ask(n + 10, {}).status_code == 201

    def test_being_asked_keeps_them_with_their_service(self, ask, limit, redis):
        limit((5, 60))
        [key] = redis.keys("otp:rate_limits:*")
        redis.expire(key, 60)
        ask(100, {"end_user_ip": IP})
        assert redis.ttl(key) > 399 * 86400

    def test_of_no_client_an_address_is_kept(self, ask, limit, everything_in_redis):
        limit((5, 60))
        assert ask(100, {"end_user_ip": IP}).status_code == 201
        assert IP.encode() not in everything_in_redis()


ODD_VALUES = [
    '{"ip":"\\ud800"}',
    '{"ip":"a\\udfffb"}',
    '{"\\ud800":"x"}',
    '{"ip":NaN}',
    '{"ip":-Infinity}',
    '{"ip":1e999}',
    f'{{"ip":{"9" * 5000}}}',
    '{"ip":"1","ip":"2"}',
    "[" * 2501,
    "[" * 1200 + "]" * 1200,
    '{"ip":' * 300 + "1" + "}" * 300,
    '{"ip":["1"]}',
    "[]",
    "null",
    '"ip"',
]


def test_values_that_no_program_would_send_are_refused(v2, service, refused, subtests):
    v2.post(f"/Services/{service}/RateLimits", UniqueName="ip")
    for text in ODD_VALUES:
        with subtests.test(text=text):
            answer = v2.ask(service, RateLimits=text)
            assert "RateLimits" in refused(answer, 400, 60200)["message"]
