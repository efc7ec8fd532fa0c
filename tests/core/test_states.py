from vigild.core.states import (
    RUNNING_STATES,
    SIGNALLABLE_STATES,
    STOPPED_STATES,
    ListenerState,
    ProcessState,
    SupervisorState,
)


def test_process_states_carry_supervisors_numbers() -> None:
    assert {
        "STOPPED": 0,
        "STARTING": 10,
        "RUNNING": 20,
        "BACKOFF": 30,
        "STOPPING": 40,
        "EXITED": 100,
        "FATAL": 200,
        "UNKNOWN": 1000,
    } == {state.name: state.value for state in ProcessState}


def test_the_daemons_states_carry_supervisors_numbers() -> None:
    assert {"FATAL": 2, "RUNNING": 1, "RESTARTING": 0, "SHUTDOWN": -1} == {
        state.name: state.value for state in SupervisorState
    }


def test_listener_states_carry_supervisors_numbers() -> None:
    assert {"READY": 10, "BUSY": 20, "ACKNOWLEDGED": 30, "UNKNOWN": 40} == {
        state.name: state.value for state in ListenerState
    }


def test_no_state_is_both_running_and_stopped() -> None:
    assert frozenset() == RUNNING_STATES & STOPPED_STATES


def test_only_stopping_is_neither_running_nor_stopped() -> None:
    assert {ProcessState.STOPPING} == set(ProcessState) - RUNNING_STATES - STOPPED_STATES


def test_a_signal_can_reach_what_has_a_process() -> None:
    assert {ProcessState.STARTING, ProcessState.RUNNING, ProcessState.STOPPING} == SIGNALLABLE_STATES
