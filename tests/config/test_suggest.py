from vigild.config.suggest import did_you_mean, distance, nearest


def test_edits_are_counted() -> None:
    assert distance("abc", "abc") == 0
    assert distance("autostrat", "autostart") == 1
    assert distance("comand", "command") == 1
    assert distance("kitten", "sitting") == 3
    assert distance("", "ab") == 2


def test_the_nearest_name_is_found_when_it_is_near() -> None:
    assert nearest("stdout_logfle", ["stderr_logfile", "stdout_logfile"]) == "stdout_logfile"
    assert nearest("depends_on", ["command", "directory"]) is None


def test_a_guess_is_worded_or_left_out() -> None:
    assert did_you_mean("comand", ["command"]) == "did you mean command? "
    assert did_you_mean("xyz", ["command"]) == ""
