from vigild.alerts.sending import DELIVERED, Outcome, Receiver


def test_a_receiver_never_shows_its_address() -> None:
    receiver = Receiver("ops", "dingtalk://TOKEN?secret=SECsecret", "dingtalk")
    assert "TOKEN" not in repr(receiver)
    assert "secret" not in repr(receiver)


def test_an_outcome_is_temporary_unless_it_says_otherwise() -> None:
    assert (False, False) == (Outcome(False).ok, Outcome(False).permanent)
    assert DELIVERED.ok
