"""What a fake listener was sent, in words."""

from support.fakes import FakeChild


def heard(child: FakeChild) -> list[str]:
    """`event payload` for each event a listener was sent."""
    events = []
    for data in child.stdin:
        header, payload = data.decode().split("\n", 1)
        fields = dict(field.split(":", 1) for field in header.split())
        assert int(fields["len"]) == len(payload.encode())
        events.append(f"{fields['eventname']} {payload}".strip())
    return events
