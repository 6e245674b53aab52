"""How often workers look for work."""

from rapport_shared.delivery.pace import Pace


def test_who_finds_nothing_looks_less_often_and_who_finds_something_looks_soon() -> None:
    pace = Pace(least=0.05, most=0.25)
    idle = [pace.pause(found=False) for _ in range(50)]
    assert idle == sorted(idle)
    assert (idle[0], idle[-1]) == (0.05, 0.25)
    assert sum(pause < 0.25 for pause in idle) < 15  # it calms down within seconds
    assert pace.pause(found=True) == 0.05
    assert 0.05 < pace.pause(found=False) < 0.06
