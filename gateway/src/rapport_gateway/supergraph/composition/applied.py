"""The directives of merged elements: how the applications of several subgraphs become one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rapport_gateway.supergraph.access import ACCESS_LISTS, Alternatives, alternatives, both
from rapport_gateway.supergraph.composition.merged import Specified
from rapport_gateway.supergraph.composition.subgraph import Annotated, Applied


def public_directives(definitions: Sequence[Annotated]) -> list[str]:
    """The directives that the supergraph keeps, of any subgraph."""
    found: dict[str, None] = {}
    for definition in definitions:
        for applied in definition.directives:
            if (text := applied.text or _simple(applied, found)) is not None:
                found[text] = None
    return [*found, *access_directives(definitions), *_cost(definitions)]


def access_directives(definitions: Iterable[Annotated]) -> list[str]:
    """What a client must have to be given the element: all that any of the definitions asks for."""
    kept = list(definitions)
    found: list[str] = []
    if any(definition.has("authenticated") for definition in kept):
        found.append(Specified("@authenticated"))
    for name, argument in ACCESS_LISTS.items():
        needed = required_access(kept, name)
        if needed:
            lists = ", ".join(
                f"[{', '.join(quoted(item) for item in sorted(names))}]" for names in sorted(needed, key=_by_size)
            )
            found.append(Specified(f"@{name}({argument}: [{lists}])"))
    return found


def required_access(definitions: Iterable[Annotated], name: str) -> Alternatives:
    """The alternatives that satisfy every application of `@requiresScopes` or `@policy`."""
    result: Alternatives = frozenset()
    for definition in definitions:
        for use in definition.uses(name):
            result = both(result, alternatives(use.get(ACCESS_LISTS[name])))
    return result


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _simple(applied: Applied, found: dict[str, None]) -> str | None:
    match applied.name:
        case "oneOf":
            return "@oneOf"
        case "inaccessible":
            return Specified("@inaccessible")
        case "tag":
            return Specified(f"@tag(name: {quoted(str(applied.arguments.get('name', '')))})")
        case "specifiedBy" if not any(text.startswith("@specifiedBy") for text in found):
            return f"@specifiedBy(url: {quoted(str(applied.arguments.get('url', '')))})"
        case "deprecated" if not any(text.startswith("@deprecated") for text in found):
            reason = applied.arguments.get("reason")
            return "@deprecated" + (f"(reason: {quoted(str(reason))})" if reason else "")
    return None


def _cost(definitions: Sequence[Annotated]) -> list[str]:
    """The highest cost and size that any subgraph tells."""
    weights = [int(use.get("weight", 0)) for definition in definitions for use in definition.uses("cost")]
    found: list[str] = [Specified(f"@cost(weight: {max(weights)})")] if weights else []
    sizes = [use for definition in definitions for use in definition.uses("listSize")]
    if sizes:
        found.append(Specified(f"@listSize({', '.join(_size_arguments(sizes))})"))
    return found


def _size_arguments(sizes: Sequence[dict[str, Any]]) -> list[str]:
    parts = []
    assumed = [use["assumedSize"] for use in sizes if use.get("assumedSize") is not None]
    if assumed:
        parts.append(f"assumedSize: {max(assumed)}")
    for name in ("slicingArguments", "sizedFields"):
        if any(use.get(name) is not None for use in sizes):
            items = dict.fromkeys(str(item) for use in sizes for item in use.get(name) or ())
            parts.append(f"{name}: [{', '.join(quoted(item) for item in items)}]")
    if any(use.get("requireOneSlicingArgument") is not None for use in sizes):
        one = all(use.get("requireOneSlicingArgument") is not False for use in sizes)
        parts.append(f"requireOneSlicingArgument: {'true' if one else 'false'}")
    return parts


def _by_size(names: frozenset[str]) -> tuple[int, list[str]]:
    return len(names), sorted(names)
