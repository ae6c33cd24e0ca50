"""A verification: its rules, its use cases, and what Redis keeps of it."""
