"""The table, and everything that is made from it: the document, the page, the shapes, the reference."""

import importlib.util
import re
from pathlib import Path

import jsonschema

from support.api import Api
from support.fakes import group, program
from support.markdown import ROOT
from vigild.core.access import Role
from vigild.fronts.api.document import make_document
from vigild.fronts.api.endpoint import Endpoint
from vigild.fronts.api.page import make_page
from vigild.fronts.api.problems import FAULTS, PROBLEMS
from vigild.fronts.api.shapes import SHAPES
from vigild.fronts.api.table import ENDPOINTS, TAGS
from vigild.fronts.serving.limits import Limits


def test_every_row_is_in_order() -> None:
    ids = [endpoint.id for endpoint in ENDPOINTS]
    assert sorted(ids) == sorted(set(ids))
    for endpoint in ENDPOINTS:
        assert endpoint.tag in TAGS
        assert set(endpoint.all_problems) <= set(PROBLEMS)
        in_path = [one.name for one in endpoint.parameters if one.place == "path"]
        assert in_path == re.findall(r"{(\w+)}", endpoint.path)
        assert set(endpoint.notes) <= set((endpoint.body or {}).get("properties", {}))  # type: ignore[call-overload]


def test_what_is_allowed_fits_into_the_head_of_a_request() -> None:
    """A character is up to four bytes of UTF-8, and each of them three of an address."""
    for endpoint in ENDPOINTS:
        schemas = [one.schema for one in endpoint.parameters]
        room = Limits().header_bytes - 4096  # for everything else, cookies and tokens among it
        for schema in schemas:
            if schema.get("type") == "string" and "enum" not in schema and "pattern" not in schema:
                room -= 12 * schema["maxLength"]  # type: ignore[operator]
        assert room >= 0, endpoint.id


def test_whoever_only_looks_changes_nothing() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.id != "listTokens":
            assert (endpoint.method == "GET") == (endpoint.role is Role.VIEWER), endpoint.id


def test_every_fault_has_a_code() -> None:
    assert set(FAULTS.values()) <= set(PROBLEMS)


def test_the_document_is_openapi(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    document = api.ask("GET", "/openapi.json").json
    assert document == make_document(ENDPOINTS, TAGS)
    assert "3.1.0" == document["openapi"]
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    told = {(method, path) for path, item in document["paths"].items() for method in item}
    assert told == {(endpoint.method.lower(), endpoint.path) for endpoint in ENDPOINTS}


def test_the_document_is_sent_once_to_whoever_keeps_it(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    tag = api.ask("GET", "/openapi.json").headers["ETag"]
    for known in (tag, f'"old", W/{tag}'):
        again = api.ask("GET", "/openapi.json", headers={"if-none-match": known})
        assert (304, b"", tag) == (again.status, again.body, again.headers["ETag"]), known
    assert 200 == api.ask("GET", "/openapi.json", headers={"if-none-match": '"old"'}).status


def test_the_page_has_every_endpoint_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    reply = api.ask("GET", "/docs")
    text = reply.body.decode()
    assert reply.body == make_page(ENDPOINTS, TAGS)
    for endpoint in ENDPOINTS:
        assert f'id="{endpoint.id}"' in text
    for name in (*SHAPES, *PROBLEMS):
        assert f'id="{name}"' in text
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert not re.search(r"<script|https?://|style=", text)
    ids = re.findall(r'id="?([\w-]+)', text)
    assert sorted(ids) == sorted(set(ids))
    for target in re.findall(r'href="#([^"]+)"', text):
        assert target in ids
    style = api.ask("GET", "/docs/style.css")
    assert ("text/css; charset=utf-8", True) == (style.headers["Content-Type"], len(style.body) > 100)


def test_the_reference_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "scripts" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.api() == module.API.read_text(encoding="utf-8"), "run: python scripts/make_reference.py"


def test_rows_know_what_they_are() -> None:
    rows = {endpoint.id: endpoint for endpoint in ENDPOINTS}
    assert isinstance(rows["getDaemon"], Endpoint)
    assert not rows["getDaemon"].is_order
    assert rows["cancelOperation"].is_order
