"""What the API and the workers share: the rules of a verification, and its place in Redis."""

VERSION = "1.0.0"
