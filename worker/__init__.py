"""The workers: they deliver codes through senders."""
