"""The page about supervisorctl is what its tables say."""

import importlib.util

from support.markdown import ROOT


def test_the_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location(
        "make_ctl_reference", ROOT / "scripts" / "make_ctl_reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.page() == module.PAGE.read_text(encoding="utf-8"), "run scripts/make_ctl_reference.py"
