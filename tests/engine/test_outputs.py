"""Who gets what a process writes."""

from support.fakes import World, group, listener, program
from vigild.config.model import StreamConfig
from vigild.engine.settings import Settings


def payloads(world: World) -> list[bytes]:
    pool = world.engine.groups["ear"].pool
    assert pool is not None
    return [envelope.event.payload.partition(b"\n")[2] for envelope in pool.pool.buffer]


def test_nobody_who_asks_means_nobody_who_looks() -> None:
    request = World(group(program("web"))).boot().child("web").request
    assert request.stdout.on_data is None
    assert request.stdout.on_capture is None
    assert request.stderr is not None
    assert request.stderr.on_data is None


def test_a_redirected_stderr_has_no_plan() -> None:
    assert World(group(program("web", redirect_stderr=True))).boot().child("web").request.stderr is None


def test_listeners_hear_the_stream_that_is_enabled() -> None:
    web = program("web", stdout=StreamConfig(events_enabled=True, capture_max_bytes=1024))
    world = World(listener("ear", "PROCESS_LOG", "PROCESS_COMMUNICATION"), group(web)).boot()
    world.child("web").says(b"hello")
    assert [b"hello"] == payloads(world)
    capture = world.child("web").request.stdout.on_capture
    assert capture is not None
    capture(b"psst")
    assert [b"hello", b"psst"] == payloads(world)
    assert "DEBG 'web' stdout emitted a comm event" in world.log.lines


def test_at_level_debug_the_main_log_has_it_too() -> None:
    web = program("web", stdout=StreamConfig(events_enabled=True))
    settings = Settings(output_to_main_log=True)
    world = World(listener("ear", "PROCESS_LOG"), group(web), settings=settings).boot()
    world.child("web").says(b"hello")
    assert "DEBG 'web' stdout output:\nhello" in world.log.lines
    assert [b"hello"] == payloads(world)
    world.child("ear").says(b"READY\n")
    assert "DEBG 'ear' stdout output:\nREADY\n" in world.log.lines
