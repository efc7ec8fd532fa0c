import os
import pwd

from config.corpus_support import DebianAccounts
from vigild.config.accounts import Surroundings, SystemAccounts


def test_the_accounts_of_the_machine() -> None:
    accounts = SystemAccounts()

    assert accounts.user_by_name("root") == (0, 0)
    assert accounts.user_by_name("no-such-user-here") is None
    assert accounts.gid_of_user(0) == 0
    assert accounts.gid_of_user(4_000_000_000) is None
    assert accounts.has_group(0)
    assert not accounts.has_group(4_000_000_000)
    assert accounts.group_by_name("no-such-group-here") is None
    assert accounts.home("root") == pwd.getpwuid(0).pw_dir
    assert accounts.home("no-such-user-here") is None
    assert accounts.home(None) == pwd.getpwuid(os.getuid()).pw_dir


def test_a_group_by_name() -> None:
    import grp

    assert SystemAccounts().group_by_name(grp.getgrgid(0).gr_name) == 0


def test_numbers_that_no_account_can_have_are_nobody() -> None:
    assert SystemAccounts().gid_of_user(2**70) is None
    assert not SystemAccounts().has_group(2**70)
    assert SystemAccounts().user_by_name("a\0b") is None
    assert SystemAccounts().group_by_name("a\0b") is None


def test_a_tilde_is_the_home_directory() -> None:
    around = Surroundings({"HOME": "/h/"}, DebianAccounts(), "box")

    assert around.expand_user("~/x") == "/h/x"
    assert around.expand_user("~") == "/h"
    assert around.expand_user("~root/x") == "/root/x"
    assert around.expand_user("~nobody-knows/x") == "~nobody-knows/x"
    assert around.expand_user("/a/~") == "/a/~"
    assert Surroundings({}, DebianAccounts(), "box").expand_user("~/x") == "/root/x"
    assert Surroundings({"HOME": "/"}, DebianAccounts(), "box").expand_user("~") == "/"


def test_paths_are_made_absolute_and_plain() -> None:
    around = Surroundings({}, DebianAccounts(), "box")

    assert around.normal_path("/a/../b/./c") == "/b/c"
    assert around.normal_path("x") == os.path.join(os.getcwd(), "x")
