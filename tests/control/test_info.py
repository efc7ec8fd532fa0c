"""Numbers and words that clients are told."""

from support.fakes import World, group, program
from vigild.control.info import capped, config_info, describe
from vigild.core.process import Process
from vigild.core.states import ProcessState


def test_times_after_2038_do_not_overflow_xml_rpc() -> None:
    assert (capped(2**31 + 5.5), capped(-(2.0**40)), capped(17.9)) == (2**31 - 1, -(2**31), 17)


def test_descriptions_without_an_error_text_and_with_a_clock_set_back() -> None:
    world = World(group(program("w", autostart=False))).boot()
    process = world.engine.groups["w"].processes["w"]
    process.process = Process(state=ProcessState.FATAL)
    assert describe(process, 0.0) == 'unknown error (try "tail w")'
    process.process = Process(state=ProcessState.RUNNING, pid=5)
    process.started_wall = 100.0
    assert describe(process, 50.0) == "pid 5, uptime 0:00:00"
    process.process = Process(state=ProcessState.STOPPING)
    assert describe(process, 50.0) == ""


def test_config_info_of_one_that_does_not_run() -> None:
    config = program("w", directory="/d", uid=33)
    info = config_info(config, group(config), None, in_use=False)
    assert (info["inuse"], info["uid"], info["directory"], info["stdout_logfile"]) == (
        False,
        33,
        "/d",
        "auto",
    )
