"""Delivery: the ledger of sends, the queue that wakes workers up, and the virtual phone."""
