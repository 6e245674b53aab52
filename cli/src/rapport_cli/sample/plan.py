"""From a seed and a date to a whole company. Pure: no I/O, no clock, the same in every run."""

from datetime import date
from random import Random

from rapport_cli.sample.records import Interaction, Plan, Staff, Task
from rapport_cli.sample.staff import language_of, make_staff
from rapport_cli.sample.story import PRIORITIES, Cast, office_time, task_fate, tell
from rapport_cli.sample.texts import texts

TEAM_TASKS = 24


def make_plan(seed: int, today: date, customers: int) -> Plan:
    """The company as of `today`. A plan with more customers begins with all of a smaller one."""
    staff = make_staff(seed)
    cast = Cast(
        managers=[member for member in staff if member.role == "MANAGER"],
        sellers=[member for member in staff if member.role == "SALES"],
        support=[member for member in staff if member.role == "SUPPORT"],
    )
    stories = [tell(seed, number, today, cast) for number in range(1, customers + 1)]
    interactions: list[Interaction] = [record for _, records, _ in stories for record in records]
    tasks: list[Task] = [record for _, _, records in stories for record in records]
    return Plan(
        seed=seed,
        today=today,
        staff=staff,
        customers=tuple(customer for customer, _, _ in stories),
        interactions=tuple(interactions),
        tasks=(*_team_tasks(seed, today, staff), *tasks),
    )


def _team_tasks(seed: int, today: date, staff: tuple[Staff, ...]) -> list[Task]:
    """Work that belongs to no customer; managers give it out."""
    rng = Random(f"{seed}:team")
    made: list[Task] = []
    for number in range(1, TEAM_TASKS + 1):
        member = rng.choice([person for person in staff if person.manager_key])
        language = language_of(member)
        status, due = task_fate(rng, today)
        made.append(
            Task(
                key=f"team:t{number:02}",
                customer_key=None,
                creator_key=str(member.manager_key),
                assignee_key=member.key,
                title=rng.choice(texts(language).words("task", "team")),
                description=None,
                due_at=office_time(rng, due, language),
                priority=rng.choices(PRIORITIES, (30, 60, 8, 2))[0],
                status=status,
                result=("已完成。" if language == "zh" else "Done.") if status == "DONE" else None,
                reason=("本周暂停。" if language == "zh" else "Paused this week.") if status == "CANCELLED" else None,
            )
        )
    return made
