"""`python -m shared.redis_cli COMMAND …`: run one Redis command with the service's rights."""

import sys

from redis.exceptions import RedisError

from shared.settings import Settings, SettingsError
from shared.storage.client import connect

_PATIENCE_SECONDS = 5


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        url = Settings.load().redis_url.get_secret_value()
        with connect(url, timeout_seconds=_PATIENCE_SECONDS) as redis:
            answer = redis.execute_command(*sys.argv[1:])
    except (SettingsError, RedisError) as error:
        sys.exit(f"otp redis: {error}")
    print(answer.decode() if isinstance(answer, bytes) else answer)  # noqa: T201


if __name__ == "__main__":
    main()
