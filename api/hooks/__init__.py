"""Hooks: other systems make and check the codes, and this service delivers them. An adapter that
calls VerificationService. One module here per kind of request."""
