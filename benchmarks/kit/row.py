"""The shape of a row: some metrics, and a function that measures them for one contender, once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.kit.contender import Contender, Program, Setup
from benchmarks.kit.metric import Metric, Samples
from benchmarks.kit.notes import Notes
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan

Measure = Callable[[Contender, Plan, Payload], Samples]


@dataclass(frozen=True, slots=True)
class Row:
    """`measure` takes one turn; the runner alternates contenders and pools what the turns return."""

    name: str
    title: str
    metrics: tuple[Metric, ...]
    measure: Measure
    only: tuple[str, ...] = ()  # contenders, if not all
    repeated: bool = True  # whether the plan's repeats apply (no, where one turn takes many samples)
    note: str = ""


def waiting_programs(payload: Payload, notes: Notes, number: int, prefix: str = "p") -> tuple[Program, ...]:
    """`number` programs, a section each, that note their start and wait."""
    argv = tuple(payload.argv("note", notes.path))
    return tuple(Program(f"{prefix}{index}", argv) for index in range(number))


def waiting_setup(payload: Payload, notes: Notes, number: int) -> Setup:
    return Setup(programs=waiting_programs(payload, notes, number))


def milliseconds(nanoseconds: float) -> float:
    return nanoseconds / 1e6


def pause(seconds: float) -> None:
    """Let time pass between two samples, or while a window is measured."""
    time.sleep(seconds)
