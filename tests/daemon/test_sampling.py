"""Samples in the life of a daemon."""

import asyncio
from collections.abc import Mapping

from support.fakes import World, group, program, usage
from vigild.config.model import DaemonConfig
from vigild.core.machine import MachineSample
from vigild.core.samples import Sample
from vigild.daemon.sampling import begin_sampling, open_sampler
from vigild.host.sampler import ProcSampler


class Writer:
    def __init__(self) -> None:
        self.noted: list[tuple[float, set[str]]] = []

    def note_samples(self, at: float, samples: Mapping[str, Sample], machine: MachineSample | None) -> None:
        self.noted.append((at, set(samples)))
        assert machine is not None
        assert machine.at == at


def test_samples_are_taken_as_often_as_configured_and_kept() -> None:
    world = World(group(program("web"))).boot()
    world.sampler.usages = {"web": usage(1.0), "": usage(1.0)}
    writer = Writer()
    begin_sampling(world.engine, DaemonConfig(sample_interval_seconds=30.0), writer)  # type: ignore[arg-type]
    world.clock.advance(60)
    at = world.clock.wall()
    assert [(at - 60, {"web", ""}), (at - 30, {"web", ""}), (at, {"web", ""})] == writer.noted


def test_where_nothing_is_kept_they_are_taken_all_the_same() -> None:
    world = World(group(program("web"))).boot()
    begin_sampling(world.engine, DaemonConfig(), None)
    world.clock.advance(61)
    assert 2 == len(world.sampler.asked)
    assert world.engine.sampling._machine is None  # which nobody looks at


def test_the_real_machine_is_read() -> None:
    with asyncio.Runner() as runner:
        assert isinstance(open_sampler(runner.get_loop()), ProcSampler)
