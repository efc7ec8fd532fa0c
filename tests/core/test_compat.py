from vigild.core import compat


def test_clients_are_told_the_release_that_is_matched() -> None:
    assert "4.3.0" == compat.SUPERVISOR_VERSION


def test_clients_are_told_the_version_of_supervisors_interface() -> None:
    assert "3.0" == compat.API_VERSION
