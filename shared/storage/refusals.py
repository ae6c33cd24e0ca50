"""Reasons for which Redis refuses a command: its state, its limits or our rights.

The same refusal reads differently by version and by the way it comes. Redis 6.2 wraps what a script
runs into: "Error running script (call to f_…): @user_script:1: -READONLY You can't write …". From
Redis 7 on, the script comes last. In a pipeline, the command comes first. redis-py removes the code
word from the errors that it has a class for.
"""

from redis import exceptions

# Code words, and parts of the messages that have none.
REFUSALS = (
    *("OOM ", "READONLY ", "MISCONF ", "NOREPLICAS ", "MASTERDOWN ", "LOADING ", "BUSY "),
    *("CLUSTERDOWN ", "TRYAGAIN ", "MOVED ", "CROSSSLOT ", "EXECABORT ", "UNBLOCKED "),
    *("NOPERM ", "NOAUTH ", "WRONGPASS ", "DENIED ", "NOPROTO "),
    *("The user executing the script can", "ACL failure in script"),
    *("DB index is out of range", "SELECT is not allowed", "max number of clients"),
    *("Script killed by user", "unknown command", "Unknown Redis command", "Unknown command"),
)


def refusal(error: exceptions.RedisError) -> str | None:
    """Why Redis refused a command. None if the command or its data was wrong."""
    text = f"{error.status_code} {error}"
    return next((words.strip() for words in REFUSALS if words in text), None)
