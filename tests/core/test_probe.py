"""Probes are plain values, so that the journal can keep the configuration they are part of."""

from dataclasses import fields

from vigild.core.probe import Probe, Scheme


def test_the_default_is_to_be_notified() -> None:
    assert Probe() == Probe(Scheme.NOTIFY, "notify")
    assert {type(getattr(Probe(), field.name)) for field in fields(Probe)} == {Scheme, str, int, bool}
