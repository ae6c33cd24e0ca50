"""Reasons for which Redis refuses a command: its state, its limits or our rights.

The same refusal reads differently by version and by the way it comes. Redis 6.2 wraps what a script
runs into: "Error running script (call to f_…): @user_script:1: -READONLY You can't write …". From
Redis 7 on, the script comes last. In a pipeline, the command comes first. redis-py removes the code
word from the errors that it has a class for.
"""

from redis import exceptions

# What only a Redis in cluster mode says: code words, and parts of the messages that have none.
_OF_CLUSTERS = (
    *("CLUSTERDOWN ", "TRYAGAIN ", "MOVED ", "CROSSSLOT ", "SELECT is not allowed"),
    *("non local key in a cluster node", "keys that do not hash to the same slot"),
)
CLUSTER = (
    "this Redis is in cluster mode, which Sixpost can't use; "
    "use one server, with or without replicas (docs/redis.md)"
)
NO_RIGHT = "NOPERM"
# What a server says instead of that code word if a script has run into a missing right.
_OF_RIGHTS = ("The user executing the script can", "ACL failure in script")
# The same of all refusals.
REFUSALS = (
    *_OF_CLUSTERS,
    *_OF_RIGHTS,
    *("OOM ", "READONLY ", "MISCONF ", "NOREPLICAS ", "MASTERDOWN ", "LOADING ", "BUSY "),
    *("EXECABORT ", "UNBLOCKED ", "NOPERM ", "NOAUTH ", "WRONGPASS ", "DENIED ", "NOPROTO "),
    *("DB index is out of range", "max number of clients", "Protocol error: unauthenticated"),
    *("Script killed by user", "unknown command", "Unknown Redis command", "Unknown command"),
)


def refusal(error: exceptions.RedisError) -> str | None:
    """Why Redis refused a command. None if the command or its data was wrong."""
    return NO_RIGHT if _found(_OF_RIGHTS, error) else _found(REFUSALS, error)


def is_cluster(error: Exception) -> bool:
    """Whether only a Redis in cluster mode answers so."""
    return isinstance(error, exceptions.RedisError) and _found(_OF_CLUSTERS, error) is not None


def _found(known: tuple[str, ...], error: exceptions.RedisError) -> str | None:
    text = f"{error.status_code} {error}"
    return next((words.strip() for words in known if words in text), None)
