"""Documents made of others by small mistakes: some tokens more or less, or others in their place."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from graphql import DocumentNode, GraphQLError, Lexer, Source, TokenKind, parse


def tokens(text: str) -> list[str]:
    """Strings and all."""
    lexer, found = Lexer(Source(text)), []
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        found.append(text[token.start : token.end])
    return found


def mutated(texts: Sequence[str], number: int, *, seed: int = 1, words: Sequence[str] = ()) -> Iterator[DocumentNode]:
    """Those of `number` attempts that can be parsed. `words` may come in, besides what the documents hold."""
    chance = random.Random(seed)
    split = [tokens(text) for text in texts]
    pool = sorted({token for found in split for token in found} | set(words))
    for _ in range(number):
        made = list(chance.choice(split))
        for _ in range(chance.randint(1, 2)):
            _change(made, pool, chance)
        try:
            yield parse(" ".join(made))
        except GraphQLError:
            continue


def _change(made: list[str], pool: Sequence[str], chance: random.Random) -> None:
    at, other = chance.randrange(len(made)), chance.randrange(len(made))
    match chance.randrange(10):
        case 0:
            del made[at : at + chance.randint(1, 3)]
        case 1:
            made.insert(at, chance.choice(pool))
        case 2:
            made[at] = chance.choice(pool)
        case 3 | 4:
            made[other:other] = made[at : at + chance.randint(1, 9)]
        case _:  # words for words, so that it can still be parsed
            words = [number for number, token in enumerate(made) if token[0].isalnum()] or [at]
            made[chance.choice(words)] = made[chance.choice(words)]
    if not made:
        made.append("{")
