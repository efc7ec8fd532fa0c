"""When samples are taken, and who hears of them."""

from collections.abc import Mapping

import pytest

from support.fakes import EPOCH, World, group, program, usage
from vigild.core.samples import Sample
from vigild.engine.managed import ManagedProcess
from vigild.engine.sampling import SLICE, Sampling


class Heard:
    """Everything that was told."""

    def __init__(self, sampling: Sampling) -> None:
        self.samples: list[tuple[str, Sample]] = []
        self.passes: list[tuple[float, set[str]]] = []
        sampling.on_sample(self._one)
        sampling.on_pass(self._all)

    def _one(self, process: ManagedProcess, sample: Sample) -> None:
        self.samples.append((process.namespec, sample))

    def _all(self, at: float, samples: Mapping[str, Sample]) -> None:
        self.passes.append((at, set(samples)))


@pytest.fixture
def world() -> World:
    world = World(group(program("web")), group(program("db", autostart=False))).boot()
    world.clock.advance(1)
    return world


def asked(world: World) -> int:
    return len(world.sampler.asked)


def test_nothing_is_read_and_no_timer_runs_while_nobody_wants_samples(world: World) -> None:
    armed = world.clock.armed
    world.engine.sampling.on_sample(lambda process, sample: None)
    assert (armed, 0) == (world.clock.armed, asked(world))
    assert world.engine.sampling.interval_seconds == float("inf")


def test_what_is_wanted_is_told_at_once_and_in_its_interval(world: World) -> None:
    heard = Heard(world.engine.sampling)
    world.sampler.usages = {"web": usage(1.0, cpu_seconds=0.5), "": usage(1.0)}
    world.engine.sampling.want("rules", 5)
    world.clock.advance()
    assert [("web", 50.0)] == [(name, sample.cpu_percent) for name, sample in heard.samples]
    assert [(EPOCH + 1, {"web", ""})] == heard.passes
    world.sampler.usages["web"] = usage(6.0, cpu_seconds=1.5)
    world.clock.advance(4.9)
    assert asked(world) == 1
    world.clock.advance(0.2)
    assert [50.0, 20.0] == [sample.cpu_percent for _, sample in heard.samples]


def test_the_request_names_the_run_and_the_daemon_alone(world: World) -> None:
    world.engine.sampling.want("rules")
    world.clock.advance()
    (trees,) = world.sampler.asked
    web = world.engine.groups["web"].processes["web"]
    assert [("", "", ((1, 0),), True), ("web", web.spawn_id, web.anchors, False)] == [
        tuple(tree) for tree in trees
    ]


def test_the_shortest_interval_counts_while_it_is_wanted(world: World) -> None:
    sampling = world.engine.sampling
    sampling.want("default", 60)
    world.clock.advance()
    sampling.want("watcher", 5, for_seconds=12)
    assert sampling.interval_seconds == 5
    world.clock.advance(12)  # at 5, 10
    assert (3, 60) == (asked(world), sampling.interval_seconds)
    world.clock.advance(60)
    assert asked(world) == 4  # a minute after the last one
    sampling.want("watcher", 0.001)
    assert sampling.interval_seconds == 1
    sampling.want_no_more("watcher")
    assert sampling.interval_seconds == 60


def test_who_is_gone_before_the_first_pass_gets_none(world: World) -> None:
    world.engine.sampling.want("watcher", 5, for_seconds=0)
    world.clock.advance(60)
    assert asked(world) == 0


def test_a_new_watcher_gets_a_sample_at_once_if_the_last_is_old(world: World) -> None:
    sampling = world.engine.sampling
    sampling.want("default", 60)
    world.clock.advance(30)
    assert asked(world) == 1
    sampling.want("watcher", 5, for_seconds=20)
    world.clock.advance()
    assert asked(world) == 2


def test_when_nobody_wants_any_more_the_timer_ends(world: World) -> None:
    armed = world.clock.armed
    world.engine.sampling.want("watcher", 5, for_seconds=7)
    world.clock.advance(60)
    assert (2, armed) == (asked(world), world.clock.armed)
    world.engine.sampling.want("rules")
    world.engine.sampling.want_no_more("rules")
    world.clock.advance(60)
    assert (2, armed) == (asked(world), world.clock.armed)


def test_the_latest_sample_is_of_the_present_run(world: World) -> None:
    web = world.engine.groups["web"].processes["web"]
    assert world.engine.latest_sample(web) is None
    world.sampler.usages = {"web": usage(1.0, rss_bytes=7), "": usage(1.0, rss_bytes=9)}
    world.engine.sampling.want("rules")
    assert world.engine.sampling.latest_of_daemon() is None
    world.clock.advance()
    sample, own = world.engine.latest_sample(web), world.engine.sampling.latest_of_daemon()
    assert (7, 9) == (sample and sample.rss_bytes, own and own.rss_bytes)
    world.exits("web", 256)
    assert world.engine.latest_sample(web) is None
    world.clock.advance(1)  # it is started again, and a rate is about the new run only
    assert (world.state("web"), world.engine.latest_sample(web)) == ("RUNNING", None)
    world.sampler.usages["web"] = usage(6.0, cpu_seconds=3.0)
    world.clock.advance(5)
    sample = world.engine.latest_sample(web)
    assert sample is not None
    assert (50.0, 1) == (sample.cpu_percent, sample.restarts)


def test_a_run_that_ends_while_it_is_read_is_not_told(world: World) -> None:
    heard = Heard(world.engine.sampling)
    world.sampler.slow = True
    world.sampler.usages = {"web": usage(1.0), "": usage(1.0)}
    world.engine.sampling.want("rules")
    world.clock.advance()
    world.exits("web", 256)
    world.sampler.answers()
    assert ([], [(EPOCH + 1, {""})]) == (heard.samples, heard.passes)


def test_a_pass_that_is_due_while_another_is_under_way_is_skipped_and_counted(world: World) -> None:
    world.sampler.slow = True
    world.engine.sampling.want("rules", 5)
    world.clock.advance(11)
    assert (1, 2) == (asked(world), world.engine.sampling.skipped)
    world.sampler.answers()
    world.clock.advance(5)
    assert asked(world) == 2


def test_many_samples_are_told_in_slices() -> None:
    count = SLICE + SLICE // 2
    world = World(group(*(program(f"p{number}") for number in range(count)), name="many")).boot()
    world.clock.advance(1)
    heard = Heard(world.engine.sampling)
    world.sampler.usages = {f"many:p{number}": usage(1.0) for number in range(count)}
    world.sampler.slow = True
    world.engine.sampling.want("rules")
    world.clock.advance()
    world.sampler.answers()
    assert (SLICE, []) == (len(heard.samples), heard.passes)
    world.clock.advance()
    assert (count, 1) == (len(heard.samples), len(heard.passes))


def test_the_end_of_the_daemon_ends_sampling(world: World) -> None:
    world.engine.sampling.want("rules")
    world.engine.sampling.close()
    world.clock.advance(60)
    assert asked(world) == 0


def test_where_nothing_can_be_read_nothing_is_known(world: World) -> None:
    from vigild.engine.ports import NoSampler

    world.ports.open_sampler = NoSampler
    heard = Heard(world.engine.sampling)
    world.engine.sampling.want("rules", 5)
    world.clock.advance(6)
    assert [(EPOCH + 1, set()), (EPOCH + 6, set())] == heard.passes
