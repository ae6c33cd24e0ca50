"""Which errors are refusals, as redis-py raises them for what Redis 6.2, 7 and Valkey answer."""

import pytest
from redis import exceptions
from redis._parsers.base import BaseParser

from shared.storage.refusals import is_cluster, refusal

# From servers, by the code word.
CODED = [
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist.",
    "NOREPLICAS Not enough good replicas to write.",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "LOADING Redis is loading the dataset in memory",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "CLUSTERDOWN The cluster is down",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "CROSSSLOT Keys in request don't hash to the same slot",
    "NOPERM this user has no permissions to run the 'hset' command",
    "NOPERM this user has no permissions to access one of the keys used as arguments",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "DENIED Redis is running in protected mode because protected mode is enabled",
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    "EXECABORT Transaction discarded because of previous errors.",
]
UNCODED = [
    "The user executing the script can't run this command or subcommand",
    "The user executing the script can't access at least one of the keys mentioned",
    "ACL failure in script: User otp has no permissions to run the 'hset' command",
    "DB index is out of range",
    "SELECT is not allowed in cluster mode",
    "max number of clients reached",
    "Protocol error: unauthenticated multibulk length",
    "max number of clients + cluster connections reached",
    "Script killed by user with SCRIPT KILL...",
    "unknown command 'EVALSHA', with args beginning with: 'f00'",
    "Unknown Redis command called from script",
]
FAULTS = [
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "ERR hash value is not an integer",
    "ERR wrong number of arguments for 'hset' command",
    "ERR syntax error",
    "BUSYKEY Target key name already exists.",
    "ERR value is not an integer or out of range",
]
_SHA = "872bc6701b4ac00ebb820e81652ffe2b4bc16f1b"
WAYS = {
    "command": "{}",
    "script of 6.2": f"ERR Error running script (call to f_{_SHA}): @user_script:7: "
    "@user_script: 7: -{}",
    "raised again in a script of 6.2": f"ERR Error running script (call to f_{_SHA}): "
    "@user_script:7: =[C]: -1: -{}",
    "script of 7": f"{{}} script: {_SHA}, on @user_script:7.",
    "raised again in a script of 7": f"ERR {{}} script: {_SHA}, on @user_script:7.",
    "script of Valkey": "{} script: on @user_script:1.",
}


def raised(answer: str, *, in_pipeline: bool) -> exceptions.RedisError:
    """As redis-py reads an answer."""
    error = BaseParser.parse_error(answer)
    if in_pipeline:
        command = "Command # 1 (HGETALL otp:counts) of pipeline caused error: "
        error.args = (command + error.args[0], *error.args[1:])
    return error


@pytest.mark.parametrize("in_pipeline", [False, True])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_knows_a_refusal_in_every_form(way, in_pipeline):
    for answer in (*CODED, *(f"ERR {text}" for text in UNCODED)):
        assert refusal(raised(way.format(answer), in_pipeline=in_pipeline)), answer


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_says_the_same_of_every_missing_right(way):
    for answer in (*UNCODED[:3], "this user has no permissions to run the 'hset' command"):
        code = "ERR" if answer in UNCODED else "NOPERM"
        assert refusal(raised(way.format(f"{code} {answer}"), in_pipeline=False)) == "NOPERM"


def test_knows_a_node_of_a_cluster():
    assert refusal(raised("MOVED 3999 127.0.0.1:6381", in_pipeline=False)) == "MOVED"


OF_CLUSTERS = [
    "CLUSTERDOWN Hash slot not served",
    "CROSSSLOT Keys in request don't hash to the same slot",
    "ERR SELECT is not allowed in cluster mode",
    "ERR Script attempted to access a non local key in a cluster node",
    "ERR Script attempted to access keys that do not hash to the same slot",
]


def test_knows_cluster_mode_by_what_only_clusters_say():
    for answer in OF_CLUSTERS:
        for way in WAYS.values():
            assert is_cluster(raised(way.format(answer), in_pipeline=False)), answer
    assert is_cluster(raised("MOVED 3999 127.0.0.1:6381", in_pipeline=False))
    for answer in (*CODED[:8], "ERR DB index is out of range"):
        assert not is_cluster(raised(answer, in_pipeline=False)), answer


@pytest.mark.parametrize("in_pipeline", [False, True])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_wrong_command_is_no_refusal(way, in_pipeline):
    for answer in FAULTS:
        assert refusal(raised(way.format(answer), in_pipeline=in_pipeline)) is None, answer
