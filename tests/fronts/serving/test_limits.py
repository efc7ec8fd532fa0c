"""Every bound has a name, a reason and a value that bounds."""

from dataclasses import fields

from vigild.fronts.serving.limits import Counters, Limits


def test_every_limit_is_described_and_positive() -> None:
    text = Limits.__doc__ or ""
    for field in fields(Limits):
        assert f"\n    {field.name} " in text, field.name
        assert getattr(Limits(), field.name) > 0, field.name


def test_a_server_begins_with_nothing_counted() -> None:
    assert {0} == {getattr(Counters(), field.name) for field in fields(Counters)}
