"""Compares what clients were told, what the services stored and what others made of it; finds every difference."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LOST, TWICE, ORDER, DIFFERENT, LEFT = "LOST", "TWICE", "ORDER", "DIFFERENT", "LEFT"
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: LOST, TWICE, ORDER, DIFFERENT (a copy is not what its source is) or LEFT (not delivered)."""

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what its client knows of it; ``acknowledged`` False: it may or may not have been done."""

    id: str
    service: str
    acknowledged: bool
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An outbox row; ``of_request``: caused by a command itself, not by another event."""

    id: str
    routing_key: str
    subject: str
    version: int
    correlation_id: str
    of_request: bool

    @property
    def noun(self) -> str:
        """What it is about: the second word of ``service.noun.verb.v1``."""
        return self.routing_key.split(".")[1]


@dataclass(frozen=True, slots=True)
class Copy:
    """Records that a service keeps of another's: by id, the fields that both have."""

    name: str
    source: Mapping[str, Document]
    copied: Mapping[str, Document]


@dataclass(frozen=True)
class Facts:
    """The end state. Keys of the mappings are service names, or queue names for ``queued``."""

    events: Mapping[str, Sequence[StoredEvent]]
    records: Mapping[str, Mapping[str, int]]
    """Version of each aggregate by id."""
    waiting: Mapping[str, int]
    queued: Mapping[str, int]
    wanted: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Ids of the events that each consumer handles."""
    handled: Mapping[str, Collection[str]] = field(default_factory=dict)
    copies: Sequence[Copy] = ()
    follow_ups_wanted: Mapping[str, Any] = field(default_factory=dict)
    """When each communication's follow-up is due, by the communication's id."""
    follow_ups: Sequence[tuple[str, Any]] = ()
    """The communication and the due time of each follow-up task."""


def violations(facts: Facts, commands: Iterable[Command]) -> list[Violation]:
    """Everything that is not as promised."""
    found = [
        *_left(facts),
        *_commands(facts, commands),
        *_versions(facts),
        *_handled(facts),
        *(difference for copy in facts.copies for difference in _differences(copy)),
        *_follow_ups(facts),
    ]
    return sorted(found, key=lambda violation: (violation.kind, violation.what))


def effects(expected: Mapping[str, int], happened: Mapping[str, Sequence[int]]) -> list[Violation]:
    """``expected``: the number of versions of each subject; ``happened``: versions in the order of their effects."""
    found: list[Violation] = []
    for subject in sorted(expected.keys() | happened.keys()):
        versions = list(happened.get(subject, ()))
        counts, wanted = Counter(versions), set(range(1, expected.get(subject, 0) + 1))
        found += [Violation(LOST, f"{subject} v{version}") for version in sorted(wanted - counts.keys())]
        found += [Violation(TWICE, f"{subject} v{version}") for version, count in counts.items() if count > 1]
        found += [Violation(DIFFERENT, f"{subject} v{version} of nobody") for version in counts.keys() - wanted]
        firsts = list(dict.fromkeys(versions))
        if firsts != sorted(firsts):
            found.append(Violation(ORDER, f"{subject}: {versions}"))
    return found


def _left(facts: Facts) -> Iterator[Violation]:
    for service, count in facts.waiting.items():
        if count:
            yield Violation(LEFT, f"{count} events wait in the outbox of {service}")
    for queue, count in facts.queued.items():
        if count:
            yield Violation(LEFT, f"{count} messages in {queue}")


def _commands(facts: Facts, commands: Iterable[Command]) -> Iterator[Violation]:
    done = {
        service: Counter(event.correlation_id for event in events if event.of_request)
        for service, events in facts.events.items()
    }
    for command in commands:
        times = done[command.service][command.id]
        if times > 1:
            yield Violation(TWICE, f"command {command.id} was done {times} times")
        if not command.acknowledged:
            continue
        if times == 0:
            yield Violation(LOST, f"acknowledged command {command.id} has no event")
        if command.record_id is not None and command.record_id not in facts.records[command.service]:
            yield Violation(LOST, f"acknowledged record {command.record_id}")


def _versions(facts: Facts) -> Iterator[Violation]:
    """The events of every aggregate are its versions from 1 to the one that is stored, each once.

    A noun is an aggregate's where any of its events is about a record; others tell what happened to several at once.
    """
    for service, records in facts.records.items():
        events = facts.events[service]
        nouns = {event.noun for event in events if event.subject in records}
        stored = defaultdict(list)
        for event in events:
            if event.noun in nouns:
                stored[event.subject].append(event.version)
        yield from effects(records, {subject: sorted(versions) for subject, versions in stored.items()})


def _handled(facts: Facts) -> Iterator[Violation]:
    for consumer, wanted in facts.wanted.items():
        handled = set(facts.handled[consumer])
        for event_id in sorted(set(wanted) - handled):
            yield Violation(LOST, f"event {event_id} has had no effect in {consumer}")
        for event_id in sorted(handled - set(wanted)):
            yield Violation(DIFFERENT, f"event {event_id} had an effect in {consumer} but is nobody's")


def _differences(copy: Copy) -> Iterator[Violation]:
    for identifier in sorted(copy.source.keys() | copy.copied.keys()):
        source, copied = copy.source.get(identifier), copy.copied.get(identifier)
        if copied is None:
            yield Violation(LOST, f"{identifier} is not known as {copy.name}")
        elif source != copied:
            yield Violation(DIFFERENT, f"{copy.name} {identifier}: {copied}, but {source}")


def _follow_ups(facts: Facts) -> Iterator[Violation]:
    counts, due = Counter(of for of, _ in facts.follow_ups), dict(facts.follow_ups)
    for interaction, wanted in facts.follow_ups_wanted.items():
        if counts[interaction] == 0:
            yield Violation(LOST, f"follow-up of {interaction}")
        elif due[interaction] != wanted:
            yield Violation(DIFFERENT, f"follow-up of {interaction} is due {due[interaction]}, but asked for {wanted}")
    for interaction, count in counts.items():
        if count > 1:
            yield Violation(TWICE, f"follow-up of {interaction}: {count} tasks")
        if interaction not in facts.follow_ups_wanted:
            yield Violation(DIFFERENT, f"follow-up of {interaction}, which asked for none")
