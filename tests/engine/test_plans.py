"""From configuration to requests for the host."""

from support.fakes import program
from vigild.config.model import GroupKind, StreamConfig
from vigild.core.process import Autorestart, Policy
from vigild.engine.plans import child_environment, policy_of, stream_plan
from vigild.engine.settings import Settings


def ignore(data: bytes) -> None:
    pass


def test_the_policy_carries_what_the_machine_needs() -> None:
    config = program(
        "w", start_seconds=2, start_retries=5, autorestart=Autorestart.ALWAYS, exit_codes=(0, 2), stop_signal=3,
        stop_wait_seconds=4, stop_as_group=True, kill_as_group=True,
    )  # fmt: skip
    assert policy_of(config) == Policy(2, 5, Autorestart.ALWAYS, (0, 2), 3, 4, True, True)


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
