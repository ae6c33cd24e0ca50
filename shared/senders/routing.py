"""Whether the senders of a channel can do what its routes ask of them."""

import re
from collections.abc import Mapping
from typing import Any

from shared.policy import Route

_NOTHING = r"(?!)"


def refuse_unfit(route: Route, made: Mapping[str, Any]) -> None:
    """`made` are the channel's senders, or their set-ups, by name. Raises ValueError for a sender
    that is not among them, and for one that would ignore a part of the route: `takes_from` is the
    form of a `from` that a sender passes on, and `takes_dlt` whether it passes on the DLT ids."""
    for name in made if route.senders is None else route.senders:
        if name not in made:
            known = ", ".join(made)
            raise ValueError(f"{route.name}: senders: there is no sender {name}, only {known}")
        form = getattr(made[name], "takes_from", _NOTHING)
        if route.from_number and not re.fullmatch(form, route.from_number):
            raise ValueError(
                f"{route.name}: from: {name} cannot send from this; list the senders that can"
            )
        if route.dlt_entity and not getattr(made[name], "takes_dlt", False):
            raise ValueError(
                f"{route.name}: dlt_entity: {name} cannot pass this on; list the senders that can"
            )
