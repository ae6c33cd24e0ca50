"""What Flask compiles for an app, shared by the apps of all tests. Each test has its own app."""

from typing import Any, ClassVar

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule


class KnownRule(Rule):
    """A path that werkzeug reads, and generates functions for, in the first app only: this takes
    half of the time in create_app."""

    _known: ClassVar[dict[tuple[str, str], dict[str, Any]]] = {}
    _made = ("arguments", "_parts", "_trace", "_converters", "_build", "_build_unknown")

    def compile(self) -> None:
        key = (self.rule, str(self.defaults))
        if key not in self._known:
            super().compile()
            self._known[key] = {name: getattr(self, name) for name in self._made}
        vars(self).update(self._known[key])


class KnownTemplates(BytecodeCache):
    def __init__(self) -> None:
        self._code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


def share() -> None:
    Flask.url_rule_class = KnownRule
    Flask.jinja_options = {"bytecode_cache": KnownTemplates()}
