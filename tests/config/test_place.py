from vigild.config import model
from vigild.config.place import Where


def test_a_place_reads_as_file_and_line() -> None:
    assert str(Where("f.conf", 3)) == "f.conf:3"
    assert str(Where("f.conf", 0)) == "f.conf"


def test_it_is_the_models() -> None:
    assert model.Where is Where
