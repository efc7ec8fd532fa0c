"""What the whole machine uses."""

from vigild.core.machine import MachineMoment, MachineSample, MachineUsage, moment_of, sample_of

GB = 1 << 30


def reading(busy: int, total: int) -> MachineUsage:
    return MachineUsage(busy, total, 1.5, 1.0, 0.5, GB, 4 * GB, 0, GB)


def sample(at: float, cpu: float | None, load: float = 1.0, memory: int = GB) -> MachineSample:
    return MachineSample(at, cpu, load, 0.0, 0.0, memory, 4 * GB, 10, GB)


def test_the_share_of_cpu_time_is_that_between_two_readings() -> None:
    found = sample_of(reading(100, 1000), reading(150, 1200), 7.0)
    assert found == MachineSample(7.0, 25.0, 1.5, 1.0, 0.5, GB, 4 * GB, 0, GB)


def test_without_time_between_there_is_none() -> None:
    assert sample_of(None, reading(1, 1000), 7.0).cpu_percent is None
    assert sample_of(reading(1, 1000), reading(2, 1001), 7.0).cpu_percent is None


def test_counters_that_went_back_are_no_negative_share() -> None:
    assert sample_of(reading(100, 1000), reading(90, 1200), 7.0).cpu_percent == 0.0
    assert sample_of(reading(100, 1000), reading(400, 1200), 7.0).cpu_percent == 100.0


def test_several_as_one() -> None:
    found = moment_of(
        60, [sample(60, None, 1.0), sample(65, 10.0, 2.0, 3 * GB), sample(70, 30.0, 3.0, 2 * GB)]
    )
    assert found == MachineMoment(60, 20.0, 30.0, 2.0, 3.0, 2 * GB, 3 * GB, 4 * GB, 10, GB)
    first = moment_of(60, [sample(60, None)])
    assert (first.cpu_percent, first.cpu_percent_max) == (None, None)
