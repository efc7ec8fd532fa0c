"""Values of the model as JSON: what the processes beside the daemon are told."""

import json
from dataclasses import fields

from vigild.config.model import AlertConfig, ForwardConfig
from vigild.config.place import Where
from vigild.core.quiet import QuietHours
from vigild.daemon.structs import struct_of

OPS = AlertConfig("ops", ("https://example.test/?token=secret",), quiet_hours=QuietHours(((60, 120),), "UTC"))


def test_the_config_has_all_but_where_it_stands() -> None:
    struct = struct_of(OPS)
    assert struct["urls"] == ["https://example.test/?token=secret"]
    assert struct["quiet_hours"] == {"ranges": [[60, 120]], "zone": "UTC"}
    assert struct.keys() == {field.name for field in fields(AlertConfig)} - {"where"}
    assert json.loads(json.dumps(struct)) == struct


def test_secrets_are_told_and_pairs_stay_in_order() -> None:
    forward = ForwardConfig("x", url="journald:", labels=(("b", "2"), ("a", "1")), where=Where("/x", 3))
    struct = struct_of(forward)
    assert (struct["url"], struct["labels"]) == ("journald:", [["b", "2"], ["a", "1"]])
    assert "where" not in struct
