"""Redis: the connection, its scripts, and the name of every key."""
