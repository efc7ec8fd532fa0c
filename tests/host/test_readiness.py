"""Which descriptors can be read, asked without waiting."""

import os
import select

from vigild.host.readiness import open_readiness


def test_data_and_the_end_are_reported_until_they_are_read() -> None:
    readiness = open_readiness()
    reader, writer = os.pipe()
    readiness.add(reader)
    assert readiness.ready(10) == []
    os.write(writer, b"x")
    assert readiness.ready(10) == [reader]
    assert select.select([readiness.fileno()], [], [], 0)[0], "the set itself can be watched"
    os.read(reader, 1)
    assert readiness.ready(10) == []
    os.close(writer)
    assert readiness.ready(10) == [reader]
    readiness.remove(reader)
    assert readiness.ready(10) == []
    os.close(reader)
    readiness.close()


def test_a_bounded_question_is_answered_fairly() -> None:
    readiness = open_readiness()
    pipes = [os.pipe() for _ in range(9)]
    for reader, writer in pipes:
        readiness.add(reader)
        os.write(writer, b"x")
    asked = [fd for _ in range(3) for fd in readiness.ready(3)]
    assert sorted(asked) == sorted(reader for reader, _ in pipes)
    readiness.close()
    for pair in pipes:
        os.close(pair[0])
        os.close(pair[1])
