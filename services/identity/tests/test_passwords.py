"""Password hashes."""

import asyncio
import threading

from rapport_identity.users.passwords import AT_ONCE, Passwords


class WatchedPasswords(Passwords):
    """Notes which threads check, and how many at once."""

    def __init__(self) -> None:
        super().__init__(memory_kib=64, time_cost=1, parallelism=1)
        self.threads: set[str] = set()
        self.entered = threading.Semaphore(0)
        self.leave = threading.Event()

    def _matches(self, password_hash: str, password: str) -> bool:
        self.threads.add(threading.current_thread().name)
        self.entered.release()
        assert self.leave.wait(10)
        return super()._matches(password_hash, password)


async def test_only_the_right_password_matches() -> None:
    passwords = Passwords(memory_kib=64, time_cost=1, parallelism=1)
    made = await passwords.hash("correct horse")
    assert made.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert made != await passwords.hash("correct horse")
    assert await passwords.verify(made, "correct horse")
    assert not await passwords.verify(made, "correct horse ")


async def test_two_ways_to_type_a_character_are_one_password() -> None:
    passwords = Passwords(memory_kib=64, time_cost=1, parallelism=1)
    assert await passwords.verify(await passwords.hash("caf\u00e9 au lait"), "cafe\u0301 au lait")


async def test_the_event_loop_goes_on_while_a_bounded_number_of_checks_is_at_work() -> None:
    passwords = WatchedPasswords()
    checks = [asyncio.create_task(passwords.verify(None, "correct horse")) for _ in range(AT_ONCE + 3)]
    for _ in range(AT_ONCE):
        assert await asyncio.to_thread(passwords.entered.acquire, timeout=10)
    assert not passwords.entered.acquire(blocking=False)
    passwords.leave.set()
    assert await asyncio.gather(*checks) == [False] * len(checks)
    assert len(passwords.threads) == AT_ONCE
    assert threading.current_thread().name not in passwords.threads
