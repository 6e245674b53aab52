"""One customer's year: the stage reached, the conversations on the way, and the tasks they left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from rapport_cli.sample.people import Identity, make_identity
from rapport_cli.sample.records import Customer, Interaction, Staff, Task
from rapport_cli.sample.staff import language_of
from rapport_cli.sample.texts import Texts, texts

# Share of customers, fewest and most conversations, how many days back the first one may lie.
STAGES = {
    "LEAD": (28, 1, 2, 120),
    "OPPORTUNITY": (24, 2, 4, 240),
    "CUSTOMER": (22, 3, 5, 340),
    "REPEAT": (12, 4, 8, 340),
    "ADVOCATE": (5, 5, 9, 340),
    "LOST": (9, 1, 4, 340),
}
PHASES = {
    "LEAD": ("first_contact", "qualify"),
    "OPPORTUNITY": ("first_contact", "qualify", "demo", "quote", "negotiate"),
    "CUSTOMER": ("first_contact", "qualify", "demo", "quote", "negotiate", "deal", "onboarding", "checkup"),
    "REPEAT": ("first_contact", "quote", "deal", "onboarding", "support", "checkup", "reorder"),
    "ADVOCATE": ("first_contact", "quote", "deal", "onboarding", "checkup", "support", "reorder", "referral"),
    "LOST": ("first_contact", "qualify", "quote", "negotiate", "lost"),
}
CHANNELS = {
    "zh": {"CHAT": 34, "PHONE": 28, "VISIT": 11, "MEETING": 8, "EMAIL": 9, "SMS": 7, "OTHER": 3},
    "en": {"EMAIL": 38, "PHONE": 26, "MEETING": 13, "VISIT": 8, "CHAT": 9, "SMS": 4, "OTHER": 2},
}
INTENTS = ("HIGH", "MEDIUM", "LOW")
INTENT_WEIGHT = {
    "LEAD": (1, 4, 5),
    "OPPORTUNITY": (5, 4, 1),
    "CUSTOMER": (4, 4, 2),
    "REPEAT": (5, 4, 1),
    "ADVOCATE": (5, 3, 1),
    "LOST": (0, 2, 6),
}
SUPPORT_PHASES = {"onboarding", "checkup", "support"}
# A few busy sellers, the others with less.
WORKLOAD = (24, 18, 15, 10, 9, 7, 6)
# Hours to take from local office time to get UTC.
OFFICE_OFFSET = {"zh": timedelta(hours=8), "en": timedelta(hours=0)}
PRIORITIES = ("LOW", "NORMAL", "HIGH", "URGENT")
FATES = {"DONE": 42, "OPEN": 27, "OVERDUE": 10, "IN_PROGRESS": 14, "CANCELLED": 7}


@dataclass(frozen=True, slots=True)
class Cast:
    """The staff by what they do."""

    managers: Sequence[Staff]
    sellers: Sequence[Staff]
    support: Sequence[Staff]


def tell(seed: int, number: int, today: date, cast: Cast) -> tuple[Customer, list[Interaction], list[Task]]:
    """The whole story of customer `number`. Depends on no other customer, so that a larger company holds a smaller."""
    rng = Random(f"{seed}:customer:{number}")
    words = texts("zh" if rng.random() < 0.6 else "en")
    kind = "PERSON" if rng.random() < 0.6 else "COMPANY"
    stage = rng.choices(list(STAGES), [share for share, *_ in STAGES.values()])[0]
    identity = make_identity(rng, words, kind)
    customer = Customer(
        key=f"c{number:04}",
        language=words.language,
        kind=kind,
        name=identity.name,
        phone=identity.phone,
        email=identity.email,
        source=words.source(rng),
        stage=stage,
        owner_key=_owner(rng, words.language, cast).key,
        tags=_tags(rng, words, stage, identity),
    )
    teller = _Teller(rng, words, customer, identity, cast, today)
    return customer, teller.interactions(), teller.tasks()


class _Teller:
    """Draws one customer's records from one generator."""

    def __init__(
        self, rng: Random, words: Texts, customer: Customer, identity: Identity, cast: Cast, today: date
    ) -> None:
        self._rng = rng
        self._words = words
        self._customer = customer
        self._topic = identity.topic
        self._cast = cast
        self._today = today
        self._owner = next(seller for seller in cast.sellers if seller.key == customer.owner_key)

    def interactions(self) -> list[Interaction]:
        """In order of time; the last one of a living relation may ask for a follow-up in the coming weeks."""
        phases = self._phases()
        made = [
            self._interaction(index, phase, moment)
            for index, (phase, moment) in enumerate(zip(phases, self._moments(len(phases)), strict=True), start=1)
        ]
        if self._customer.stage != "LOST" and self._rng.random() < 0.35:
            due = self._office_time(self._workday(self._today + timedelta(days=self._rng.randint(2, 28))))
            made[-1] = replace(made[-1], next_follow_up_at=due)
        return made

    def tasks(self) -> list[Task]:
        """None to three."""
        count = self._rng.choices((0, 1, 2, 3), (40, 38, 16, 6))[0]
        return [self._task(index) for index in range(1, count + 1)]

    def _phases(self) -> list[str]:
        known = PHASES[self._customer.stage]
        _, fewest, most, _ = STAGES[self._customer.stage]
        count = self._rng.randint(fewest, most)
        middle = sorted(self._rng.choices(range(len(known)), k=max(count - 2, 0)))
        steps = [0, *middle, len(known) - 1] if count > 1 else [0]
        return [known[step] for step in steps]

    def _moments(self, count: int) -> list[datetime]:
        """Moments in office hours of the past, oldest first."""
        furthest = STAGES[self._customer.stage][3]
        first = self._rng.randint(8, furthest)
        latest = min(first, 60) if self._customer.stage == "LOST" else self._rng.randint(1, min(first, 45))
        days = self._rng.sample(range(latest, first + 20), count)
        return sorted(self._office_time(self._workday(self._today - timedelta(days=day))) for day in days)

    def _workday(self, day: date) -> date:
        """Companies are met from Monday to Friday."""
        weekend = max(day.weekday() - 4, 0) if self._customer.kind == "COMPANY" else 0
        return day - timedelta(days=weekend)

    def _office_time(self, day: date) -> datetime:
        return office_time(self._rng, day, self._words.language)

    def _interaction(self, index: int, phase: str, moment: datetime) -> Interaction:
        rng, customer = self._rng, self._customer
        channels = CHANNELS[self._words.language]
        channel = rng.choices(list(channels), list(channels.values()))[0]
        by_support = phase in SUPPORT_PHASES and rng.random() < 0.6
        author = rng.choice(self._cast.support) if by_support else self._owner
        return Interaction(
            key=f"{customer.key}:i{index:02}",
            customer_key=customer.key,
            author_key=author.key,
            channel=channel,
            occurred_at=moment,
            participants=(author.name, self._topic.participant),
            content=self._words.conversation(rng, self._topic, channel=channel, phase=phase),
            outcome=self._words.phrase(rng, self._topic, "outcome", phase) if rng.random() < 0.85 else None,
            intent=rng.choices(INTENTS, INTENT_WEIGHT[customer.stage])[0] if rng.random() < 0.7 else None,
            next_follow_up_at=None,
        )

    def _task(self, index: int) -> Task:
        rng, customer = self._rng, self._customer
        status, due = task_fate(rng, self._today)
        manager = self._cast.managers[0 if self._words.language == "zh" else 1]
        by_manager = rng.random() < 0.25
        for_support = by_manager and rng.random() < 0.4
        return Task(
            key=f"{customer.key}:t{index}",
            customer_key=customer.key,
            creator_key=(manager if by_manager else self._owner).key,
            assignee_key=(rng.choice(self._cast.support) if for_support else self._owner).key,
            title=self._words.phrase(rng, self._topic, "task", "title"),
            description=self._phrase_or_none(0.7, "task", "description"),
            due_at=self._office_time(due),
            priority=rng.choices(PRIORITIES, (15, 55, 22, 8))[0],
            status=status,
            result=self._words.phrase(rng, self._topic, "task", "result") if status == "DONE" else None,
            reason=self._words.phrase(rng, self._topic, "task", "reason") if status == "CANCELLED" else None,
        )

    def _phrase_or_none(self, probability: float, *path: str) -> str | None:
        return self._words.phrase(self._rng, self._topic, *path) if self._rng.random() < probability else None


def office_time(rng: Random, day: date, language: str) -> datetime:
    """A moment of the day's office hours, in UTC."""
    clock = time(rng.randint(9, 17), rng.randrange(0, 60, 5), tzinfo=UTC)
    return datetime.combine(day, clock) - OFFICE_OFFSET[language]


def task_fate(rng: Random, today: date) -> tuple[str, date]:
    """A final status, and a due day that goes with it: OPEN tasks are due in the next weeks or overdue."""
    fate = rng.choices(list(FATES), list(FATES.values()))[0]
    if fate == "OVERDUE":
        return "OPEN", today - timedelta(days=rng.randint(1, 20))
    if fate in {"DONE", "CANCELLED"}:
        return fate, today - timedelta(days=rng.randint(1, 300))
    return fate, today + timedelta(days=rng.randint(1, 30))


def _owner(rng: Random, language: str, cast: Cast) -> Staff:
    """A seller of the customer's language, one of the busy ones more often."""
    weights = [
        load if language_of(seller) == language else load * 0.05
        for seller, load in zip(cast.sellers, WORKLOAD, strict=True)
    ]
    return rng.choices(cast.sellers, weights)[0]


def _tags(rng: Random, words: Texts, stage: str, identity: Identity) -> tuple[str, ...]:
    typical = words.words("tags", stage)
    chosen = rng.sample(typical, rng.choices((0, 1, 2), (20, 55, 25))[0])
    sector = [] if identity.sector is None else [words.words("tags", "sector")[identity.sector]]
    return (*sector, *chosen)
