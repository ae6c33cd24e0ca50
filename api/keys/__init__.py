"""API keys: the file that holds their hashes, and the command that manages them."""
