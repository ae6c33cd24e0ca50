"""The words of messages, which a worker sends and the API checks."""
