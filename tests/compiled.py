"""What Flask compiles for an app, shared by the apps of all tests. Each test has its own app."""

from typing import Any, ClassVar

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Map, Rule
from werkzeug.routing.matcher import State, StateMachineMatcher


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


class KnownMatcher(StateMachineMatcher):
    """The paths of an app, as werkzeug looks for them. Those of all apps with the same are one."""

    _known: ClassVar[dict[tuple[Any, ...], State]] = {}

    def __init__(self, merge_slashes: bool) -> None:
        super().__init__(merge_slashes)
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        self._rules.append(rule)

    def update(self) -> None:
        key = tuple(
            (rule.rule, rule.endpoint, frozenset(rule.methods or ()), str(rule.defaults))
            for rule in self._rules
        )
        if key not in self._known:
            self._root = State()
            for rule in self._rules:
                super().add(rule)
            super().update()
            self._known[key] = self._root
        self._root = self._known[key]


class KnownMap(Map):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._matcher = KnownMatcher(self._matcher.merge_slashes)


class KnownTemplates(BytecodeCache):
    def __init__(self) -> None:
        self._code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


def share() -> None:
    Flask.url_map_class = KnownMap
    Flask.url_rule_class = KnownRule
    Flask.jinja_options = {"bytecode_cache": KnownTemplates()}
