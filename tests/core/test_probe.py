"""Probes are plain values, so that the journal can keep the configuration they are part of."""

from dataclasses import fields

from vigild.core.probe import Probe, Scheme, printable


def test_the_default_is_to_be_notified() -> None:
    assert Probe() == Probe(Scheme.NOTIFY, "notify")
    assert {type(getattr(Probe(), field.name)) for field in fields(Probe)} == {Scheme, str, int, bool}


def test_what_a_program_says_stays_on_its_line_and_steers_no_terminal() -> None:
    assert printable("a\rb\nc\x1b[2J\x9b2J\u202ed\t\udcff好 ✓") == "a b c [2J 2J d  好 ✓"
