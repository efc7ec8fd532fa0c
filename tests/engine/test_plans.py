"""From configuration to requests for the host."""

from support.fakes import program
from vigild.config.model import GroupKind, KillMode, StreamConfig
from vigild.core.process import Autorestart, Policy
from vigild.core.restarts import OnFlapping, Pace
from vigild.engine.plans import child_environment, child_setup, policy_of, stream_plan
from vigild.engine.ports import SPAWN_MARK, ChildSetup
from vigild.engine.settings import Settings


def ignore(data: bytes) -> None:
    pass


def test_the_policy_carries_what_the_machine_needs() -> None:
    config = program(
        "w", start_seconds=2, start_retries=5, autorestart=Autorestart.ALWAYS, exit_codes=(0, 2), stop_signal=3,
        stop_wait_seconds=4, stop_as_group=True, kill_as_group=True,
    )  # fmt: skip
    assert policy_of(config) == Policy(2, 5, Autorestart.ALWAYS, (0, 2), 3, 4, True, True)


def test_the_pace_of_restarts_is_part_of_the_policy() -> None:
    config = program(
        "w", flapping=(3, 30), on_flapping=OnFlapping.FATAL, restart_delay_seconds=0.5, restart_factor=3.0,
        restart_limit_seconds=9.0,
    )  # fmt: skip
    assert policy_of(config).pace == Pace(0.5, 3, 9, 3, 30, OnFlapping.FATAL)
    assert policy_of(program("w")) == Policy()


def test_configuration_wins_over_the_daemons_environment_and_the_url_of_a_program_over_the_daemons() -> None:
    settings = Settings(base_environment={"A": "daemon", "B": "daemon"}, server_url="unix:///daemon")
    config = program(
        "w", environment={"A": "program", "SUPERVISOR_GROUP_NAME": "mine"}, server_url="http://x:1"
    )
    environment = child_environment(config, "g", settings, "7-1")
    assert (environment["A"], environment["B"]) == ("program", "daemon")
    assert environment["SUPERVISOR_SERVER_URL"] == "http://x:1"
    assert environment["SUPERVISOR_GROUP_NAME"] == "mine"
    assert settings.base_environment == {"A": "daemon", "B": "daemon"}
    assert "SUPERVISOR_SERVER_URL" not in child_environment(program("w"), "g", Settings(), "7-1")


def test_a_listeners_stdout_is_a_protocol_and_stays_as_it_is() -> None:
    stream = StreamConfig(capture_max_bytes=10, syslog=True)
    config = program("ear", kind=GroupKind.EVENTLISTENER, log_prefix="[x] ", log_timestamps=True)
    settings = Settings(strip_ansi=True)
    plan = stream_plan("stdout", stream, config, settings, "/l", ignore, ignore)
    assert (plan.capture_max_bytes, plan.on_capture, plan.syslog_tag, plan.strip_ansi) == (
        0,
        None,
        None,
        False,
    )
    assert (plan.line_prefix, plan.line_timestamps, plan.on_data) == (b"", False, ignore)
    plan = stream_plan("stderr", stream, config, settings, "/l", None, ignore)
    assert (plan.capture_max_bytes, plan.syslog_tag, plan.strip_ansi) == (10, "ear", True)
    assert (plan.line_prefix, plan.line_timestamps) == (b"[x] ", True)


def test_without_options_there_is_no_setup() -> None:
    assert child_setup(program("w", environment={"A": "b"}), {}) is None


def test_a_setup_carries_what_the_options_say_and_the_variables_that_come_on_top() -> None:
    config = program(
        "w", environment={"A": "b", "OWN": "1"}, own_variables=("OWN",), environment_files=(("/e", True),),
        limits=(("core", 0, -1),), nice=1, io_priority=(3, 0), oom_score_adjustment=2, cpus=(0,), gid=33,
        supplementary_gids=(), set_user_environment=True,
    )  # fmt: skip
    environment = child_environment(config, "g", Settings(), "id-1")
    assert child_setup(config, environment) == ChildSetup(
        (("core", 0, -1),),
        1,
        (3, 0),
        2,
        (0,),
        33,
        (),
        True,
        (("/e", True),),
        (("OWN", "1"), (SPAWN_MARK, "id-1")),
    )
    assert child_setup(program("w", nice=0), {}) == ChildSetup(nice=0)


def test_what_is_not_inherited() -> None:
    settings = Settings(base_environment={"LC_ALL": "C", "LANG": "C", "A": "daemon", "B": "daemon"})
    config = program(
        "w",
        environment={"A": "section", "LC_TIME": "supervisord", "X": "supervisord"},
        own_variables=("A",),
        unset_environment=("LC_*", "[AB]", "SUPERVISOR_*"),
    )
    environment = child_environment(config, "g", settings, "id")
    assert {name for name in environment if not name.startswith("SUPERVISOR_")} == {
        "LANG",
        "A",
        "X",
        SPAWN_MARK,
    }
    assert environment["A"] == "section"
    assert environment["SUPERVISOR_ENABLED"] == "1", "the daemon says that itself"

    alone = program("w", environment={"A": "1"}, inherit_environment=False)
    assert "LANG" not in child_environment(alone, "g", settings, "id")
    assert child_environment(alone, "g", settings, "id")["A"] == "1"


def test_killmode_group_is_both_signals_to_the_group_and_tree_is_for_the_machine() -> None:
    group = policy_of(program("w", kill_mode=KillMode.GROUP))
    assert (group.stop_as_group, group.kill_as_group, group.ends_tree) == (True, True, False)
    tree = policy_of(program("w", kill_mode=KillMode.TREE, forking=True))
    assert (tree.stop_as_group, tree.kill_as_group, tree.ends_tree, tree.forking) == (
        False,
        False,
        True,
        True,
    )
