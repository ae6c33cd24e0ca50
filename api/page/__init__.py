"""The page where a person enters an address and a code."""
