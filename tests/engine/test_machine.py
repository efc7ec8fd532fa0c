"""Samples of the whole machine: when they are taken."""

from support.fakes import EPOCH, World, group, program, usage
from vigild.core.machine import MachineUsage
from vigild.engine.machine import Machine


def reading(busy: int, total: int) -> MachineUsage:
    return MachineUsage(busy, total, 1.5, 1.0, 0.5, 1, 4, 0, 1)


class Readings:
    def __init__(self, *readings: MachineUsage | None) -> None:
        self.left = list(readings)
        self.count = 0

    def __call__(self) -> MachineUsage | None:
        self.count += 1
        return self.left.pop(0)


def cpu(machine: Machine, at: float) -> float | None:
    machine.take(at)
    return None if machine.latest is None else machine.latest.cpu_percent


def test_each_sample_is_of_the_time_since_the_one_before() -> None:
    machine = Machine(Readings(reading(0, 0), reading(50, 100), reading(60, 200)))
    assert machine.latest is None
    assert [cpu(machine, 1.0), cpu(machine, 2.0)] == [50.0, 10.0]


def test_two_passes_in_a_row_do_not_make_a_share_out_of_nothing() -> None:
    machine = Machine(Readings(reading(0, 0), reading(50, 100), reading(51, 101), reading(60, 200)))
    assert [cpu(machine, at) for at in (1.0, 1.1, 2.0)] == [50.0, 50.0, 10.0]
    fresh = Machine(Readings(reading(0, 0), reading(5, 10), reading(50, 100)))
    assert [cpu(fresh, 1.0), cpu(fresh, 2.0)] == [None, 50.0]


def test_where_the_machine_does_not_tell_there_is_no_sample() -> None:
    machine = Machine(Readings(None, None, reading(0, 100), None))
    assert cpu(machine, 1.0) is None
    assert machine.latest is None
    machine.take(2.0)
    assert machine.latest is not None
    machine.take(3.0)
    assert machine.latest is None


def test_it_is_looked_at_with_each_pass_from_when_somebody_wants_to_know() -> None:
    world = World(group(program("web"))).boot()
    world.sampler.usages = {"web": usage(1.0)}
    readings = Readings(*(reading(number * 50, number * 100) for number in range(10)))
    world.sampler.machine = readings  # type: ignore[method-assign]
    sampling = world.engine.sampling
    sampling.want("rules", 5)
    world.clock.advance(10)
    assert readings.count == 0
    armed = world.clock.armed
    machine = sampling.machine
    assert world.clock.armed == armed
    world.clock.advance(5)
    assert readings.count == 2
    assert machine.latest is not None
    assert (machine.latest.cpu_percent, machine.latest.at) == (50.0, EPOCH + 15)
