import pytest

from bench.wrk import NotMeasured, read

PRINTED = (
    "Running 1s test @ http://127.0.0.1:5000/generate-otp\n"
    '{"requests":4200,"microseconds":1050000,"p50":2500,"p99":31000,'
    '"refused":0,"broken":0,"ran_out":false}\n'
)


def test_reads_what_wrk_has_measured():
    load = read(PRINTED, "url")
    assert (load.requests, load.per_second) == (4200, 4000)
    assert (load.p50_ms, load.p99_ms) == (2.5, 31)


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ('"refused":0', '"refused":1', "1 refused"),
        ('"broken":0', '"broken":2', "2 broken off"),
        ('"ran_out":false', '"ran_out":true', "more requests"),
    ],
)
def test_takes_nothing_for_a_figure_that_was_not_answered_well(good, bad, told):
    with pytest.raises(NotMeasured, match=told):
        read(PRINTED.replace(good, bad), "url")
