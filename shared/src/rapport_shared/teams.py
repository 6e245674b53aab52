"""The tree of teams, and who belongs to each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Teams:
    """``parents`` maps each team to the one above it (None at the top), ``team_of`` each member to their team.

    A ring of teams, as it may be heard of while one team after another is moved, holds no one up: whoever is in it is
    below everybody else in it.
    """

    parents: Mapping[str, str | None] = field(default_factory=dict)
    team_of: Mapping[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, bool], frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def members(self, team_id: str, *, below: bool) -> frozenset[str]:
        """The members of a team, and with ``below`` those of all teams below it."""
        key = (team_id, below)
        if key not in self._known:
            teams = self._below(team_id) if below else {team_id}
            self._known[key] = frozenset(member for member, team in self.team_of.items() if team in teams)
        return self._known[key]

    def _below(self, team_id: str) -> set[str]:
        children: dict[str | None, list[str]] = defaultdict(list)
        for team, parent in self.parents.items():
            children[parent].append(team)
        found: set[str] = set()
        waiting = [team_id]
        while waiting:
            team = waiting.pop()
            if team not in found:
                found.add(team)
                waiting.extend(children[team])
        return found


def teams_of(parents: Mapping[str, str | None], memberships: Iterable[tuple[str, str | None]]) -> Teams:
    """From (member, team) pairs; who has no team is left out."""
    return Teams(parents, {member: team for member, team in memberships if team is not None})
