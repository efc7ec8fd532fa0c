"""The page about Superlance's tools is what their tables say."""

import importlib.util

from support.markdown import ROOT


def test_the_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location(
        "make_listeners_reference", ROOT / "scripts" / "make_listeners_reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.page() == module.PAGE.read_text(encoding="utf-8"), "run scripts/make_listeners_reference.py"
