"""What people and listeners are told of a process: each move, and when it flaps."""

from typing import TYPE_CHECKING

from vigild.core.effects import Cleared, Entered, FlappingBegan, FlappingCleared
from vigild.core.events import (
    process_flapping_cleared_event,
    process_flapping_event,
    process_state_event,
)
from vigild.core.restarts import OnFlapping, flapping_words
from vigild.core.states import ProcessState
from vigild.engine.bus import EventBus
from vigild.engine.ports import Log

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess

_CLEARED_WORDS = {
    Cleared.QUIET: "has stayed up",
    Cleared.STARTED: "is started by hand",
    Cleared.STOPPED: "is stopped",
    Cleared.ENDED: "has ended and is not restarted",
}


def announce_move(process: "ManagedProcess", move: Entered, words: str, bus: EventBus, log: Log) -> None:
    """Tell listeners, then the log. `words`: how its child ended, if it did."""
    event_type = f"PROCESS_STATE_{move.new.name}"
    if bus.wants(event_type):
        name, group = process.config.name, process.group_name
        event = process_state_event(
            move.new, name, group, move.old, pid=move.pid, tries=move.tries, expected=move.expected
        )
        bus.emit(event)
    _log_move(process, move, words, log)


def announce_flapping(process: "ManagedProcess", began: FlappingBegan, bus: EventBus, log: Log) -> None:
    """It restarts too often: say what becomes of it now."""
    name, action = process.config.name, process.policy.pace.on_flapping
    then = "it is given up"
    if action is OnFlapping.BACKOFF:
        then = f"restarts wait from now on, {process.process.restart_delay:g}s at first and longer each time"
    often = f"{began.restarts} restarts within {began.window_seconds:.0f} seconds"
    log.warn(f"flapping: {name} had {often}; {then}")
    bus.emit_if_wanted(
        "PROCESS_FLAPPING",
        lambda: process_flapping_event(
            name, process.group_name, began.state, began.restarts, began.window_seconds, action.value
        ),
    )


def announce_steady(process: "ManagedProcess", cleared: FlappingCleared, bus: EventBus, log: Log) -> None:
    """It no longer flaps, and why."""
    name = process.config.name
    log.info(f"flapping is over: {name} {_CLEARED_WORDS[cleared.why]}")
    bus.emit_if_wanted(
        "PROCESS_FLAPPING_CLEARED",
        lambda: process_flapping_cleared_event(name, process.group_name, cleared.state, cleared.why.value),
    )


def _log_move(process: "ManagedProcess", move: Entered, words: str, log: Log) -> None:
    name = process.config.name
    match move.new:
        case ProcessState.RUNNING if process.policy.readiness:
            how = process.policy.readiness
            log.info(f"success: {name} entered RUNNING state, process is ready ({how})")
        case ProcessState.RUNNING:
            log.info(
                f"success: {name} entered RUNNING state, process has stayed up for "
                f"> than {process.config.start_seconds} seconds (startsecs)"
            )
        case ProcessState.FATAL:
            if process.policy.may_start:
                flapped = process.process.spawn_error == flapping_words(process.policy.pace)
                why = "it was flapping" if flapped else "too many start retries too quickly"
                log.info(f"gave up: {name} entered FATAL state, {why}")
        case ProcessState.BACKOFF if words:
            log.warn(f"exited: {name} ({words}; not expected)")
        case ProcessState.EXITED if move.expected:
            log.info(f"exited: {name} ({words}; expected)")
        case ProcessState.EXITED:
            log.warn(f"exited: {name} ({words}; not expected)")
        case ProcessState.STOPPED if move.old is ProcessState.STOPPING and not words:
            log.info(f"stopped: {name} (no process was running)")
        case ProcessState.STOPPED if move.old is ProcessState.STOPPING:
            expected = process.process.exit_status in process.policy.exit_codes
            (log.info if expected else log.warn)(f"stopped: {name} ({words})")
        case _:
            pass
