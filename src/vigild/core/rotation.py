"""Where to cut a stream of bytes when its log file is full."""

NEAR_BYTES = 8192  # a line end this close to the limit is worth a file that is not exactly full


def cut_at(data: bytes, room: int) -> int:
    """How many bytes of `data` still go into a file that has `room` bytes left; the rest begins the next.

    The last line end before the limit, if one is near; else the first after it, if near; else the limit.
    """
    if room >= len(data):
        return len(data)
    room = max(room, 0)
    before = data.rfind(b"\n", max(0, room - NEAR_BYTES), room)
    if before >= 0:
        return before + 1
    after = data.find(b"\n", room, room + NEAR_BYTES)
    return after + 1 if after >= 0 else room
