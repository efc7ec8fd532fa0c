import pytest

from vigild.core.errors import Fault, RejectEvent, VigilError

SUPERVISORS_FAULTS = {
    "UNKNOWN_METHOD": 1,
    "INCORRECT_PARAMETERS": 2,
    "BAD_ARGUMENTS": 3,
    "SIGNATURE_UNSUPPORTED": 4,
    "SHUTDOWN_STATE": 6,
    "BAD_NAME": 10,
    "BAD_SIGNAL": 11,
    "NO_FILE": 20,
    "NOT_EXECUTABLE": 21,
    "FAILED": 30,
    "ABNORMAL_TERMINATION": 40,
    "SPAWN_ERROR": 50,
    "ALREADY_STARTED": 60,
    "NOT_RUNNING": 70,
    "SUCCESS": 80,
    "ALREADY_ADDED": 90,
    "STILL_RUNNING": 91,
    "CANT_REREAD": 92,
}


def test_faults_carry_supervisors_names_and_numbers() -> None:
    assert SUPERVISORS_FAULTS == {fault.name: fault.value for fault in Fault}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [(None, "BAD_NAME"), ("web:1", "BAD_NAME: web:1"), (0, "BAD_NAME: 0"), ("", "BAD_NAME: ")],
)
def test_the_text_of_an_error_is_the_text_of_the_fault(detail: object, expected: str) -> None:
    error = VigilError(Fault.BAD_NAME, detail)
    assert expected == str(error)
    assert (Fault.BAD_NAME, detail) == (error.fault, error.detail)


def test_a_rejected_event_is_no_fault_for_a_client() -> None:
    assert not issubclass(RejectEvent, VigilError)
