"""What the SDL says about who may pass which door: `@authenticated`, `@requiresScopes`, `@policy`.

A gateway that enforces them refuses early; the subgraph decides anyway. They never ask for more than the subgraph does:

- everything needs an access token, but the root fields that are public and what of a ``User`` a sign-in answers with;
- a scope is what a token is for as long as it lives: ``person`` is a user's own session, not an API key;
- a policy ``Type:VERB`` is satisfied by who may do the verb to any record of the type at all. Roles change while tokens
  live, so it is asked of identity (``POST /policies``) and stands in no token.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from strawberry.federation.schema_directives import Authenticated, Key, Policy, RequiresScopes
from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from rapport_shared.actor import PERSON
from rapport_shared.rights import Verb

SEEN_BEFORE_SIGNING_IN: Final = frozenset({"User"})
"""Entities that public root fields answer with."""
_NAMES: Final = NameConverter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The root fields of a subgraph that need something else than an access token.

    ``public`` ones need nothing, ``persons`` a user's own session, and ``policies`` the right to do a verb to a type:
    none but those which the subgraph refuses to whoever has no such right at all.
    """

    public: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()
    policies: Mapping[str, tuple[str, Verb]] = field(default_factory=dict)

    def guard(self, root: Any) -> Any:
        """The root type, each of its fields with the directives that it needs."""
        definition: StrawberryObjectDefinition = root.__strawberry_definition__
        for each in definition.fields:  # which the root type shares with those that it is merged of
            each.directives = self._needed(each)
        return root

    def guard_entities(self, types: Iterable[Any]) -> None:
        """The entities among these definitions, or of those that are seen before signing in, what is added here."""
        for definition in types:
            if not isinstance(definition, StrawberryObjectDefinition) or not _keys(definition):
                continue
            if definition.name not in SEEN_BEFORE_SIGNING_IN:
                definition.directives = _with_authenticated(definition.directives or ())
            elif not self.public:
                for each in definition.fields:
                    if _NAMES.from_field(each) not in _keys(definition):
                        each.directives = _with_authenticated(each.directives)

    def _needed(self, declared: StrawberryField) -> list[object]:
        name = _NAMES.from_field(declared)
        others = [each for each in declared.directives if not isinstance(each, Authenticated | RequiresScopes | Policy)]
        if name in self.public:
            return others
        needed = _with_authenticated(others)
        if name in self.persons:
            needed.append(RequiresScopes(scopes=[[PERSON]]))
        if name in self.policies:
            needed.append(Policy(policies=[[policy_name(*self.policies[name])]]))
        return needed


def policy_name(type_name: str, verb: Verb) -> str:
    """``Role:UPDATE``."""
    return f"{type_name}:{verb}"


def policy_of(name: str) -> tuple[str, Verb] | None:
    """The type and the verb of a policy; None for what is no policy's name."""
    type_name, _, verb = name.partition(":")
    return (type_name, Verb(verb)) if type_name and verb in set(Verb) else None


def _keys(definition: StrawberryObjectDefinition) -> set[str]:
    """The fields of an entity's keys; none of what is no entity."""
    keys = (each for each in definition.directives or () if isinstance(each, Key))
    return {name for key in keys for name in str(key.fields).split()}


def _with_authenticated(directives: Iterable[object]) -> list[object]:
    return [*(each for each in directives if not isinstance(each, Authenticated)), Authenticated()]
