"""Sentences by language, filled with what the conversation is about."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Topic:
    """What a customer's conversations are about, for the slots of the sentences."""

    name: str
    contact: str
    participant: str
    product: str
    city: str
    counts: Sequence[int]


class Texts:
    """One language's sentences."""

    def __init__(self, language: str, content: Mapping[str, Any]) -> None:
        self.language = language
        self._content = content

    def words(self, *path: str) -> Sequence[str]:
        """A list of the file, for example words("tags", "LEAD")."""
        value: Any = self._content
        for step in path:
            value = value[step]
        return list(value)

    def source(self, rng: Random) -> str:
        """Where a customer came from; some sources are more usual than others."""
        return str(rng.choices(self._content["source"], self._content["source_weight"])[0])

    def conversation(self, rng: Random, topic: Topic, *, channel: str, phase: str) -> str:
        """What was said, in one to three sentences."""
        opener = rng.choice(self.words("opener", channel))
        said = rng.choice(self.words("say", phase))
        detail = rng.choice(self.words("detail", "lines"))
        # A text message has no room for more.
        parts = [opener + said] if channel == "SMS" or not detail else [opener + said, detail]
        return self.fill(rng, ("" if self.language == "zh" else " ").join(parts), topic)

    def phrase(self, rng: Random, topic: Topic, *path: str) -> str:
        """One sentence of a list, filled."""
        return self.fill(rng, rng.choice(self.words(*path)), topic)

    def fill(self, rng: Random, template: str, topic: Topic) -> str:
        """The sentence with its slots filled."""
        count = rng.choice(topic.counts)
        amount = count * rng.randrange(800, 6000, 50)
        text = template.format(
            name=topic.name,
            contact=topic.contact,
            product=topic.product,
            city=topic.city,
            rival=rng.choice(self.words("rival")),
            day=rng.choice(self.words("day")),
            count=count,
            amount=f"{amount:,}" if self.language == "zh" else f"${amount:,}",
        )
        return text.replace(" a ergonomic", " an ergonomic").replace(" a access", " an access")


@cache
def texts(language: str) -> Texts:
    """The sentences of "zh" or "en"."""
    file = resources.files("rapport_cli.sample") / "texts" / f"{language}.toml"
    return Texts(language, tomllib.loads(file.read_text(encoding="utf-8")))
