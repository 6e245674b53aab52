"""What the supergraph calls the directives of Apollo's specifications: as the subgraphs that use them do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rapport_gateway.supergraph.composition.context import Context
from rapport_gateway.supergraph.composition.features import KEPT_DIRECTIVES
from rapport_gateway.supergraph.composition.merged import MergedElement, Specified


def names_in_use(context: Context) -> Mapping[str, str]:
    """The name of every directive that is kept and used, by its own name. They must agree."""
    found: dict[str, dict[str, str]] = {}
    for schema in context.schemas:
        local = {original: name for name, original in schema.federation.directives.items()}
        used = {applied.name for element in schema.elements() for applied in element.directives}
        for name in sorted(used & KEPT_DIRECTIVES):
            found.setdefault(name, {}).setdefault(local[name], schema.name)
    for name, subgraphs in found.items():
        if len(subgraphs) > 1:
            each = ", ".join(f'@{local} in "{schema}"' for local, schema in subgraphs.items())
            context.problem("LINK_IMPORT_NAME_MISMATCH", f"@{name} is called differently: {each}")
    return {name: next(iter(subgraphs)) for name, subgraphs in found.items()}


def call(elements: Iterable[MergedElement], names: Mapping[str, str]) -> None:
    """Give the directives of the elements the names that the supergraph has for them."""
    for element in elements:
        element.directives[:] = [
            text.called(names[text.name]) if isinstance(text, Specified) else text for text in element.directives
        ]
