"""The JSON API: start, check, look at and cancel verifications."""
