"""`POST /RPC2`: a document in, a document out."""

from collections.abc import Mapping
from typing import cast

from vigild.control.facade import Control
from vigild.fronts.serving.messages import Handler, Request, Response, error_response
from vigild.fronts.xmlrpc.dispatch import Dispatcher
from vigild.fronts.xmlrpc.interfaces import fault_of
from vigild.wire.xmlrpc import TooLargeError, XmlRpcError, decode_call, encode_fault, encode_response

_XML = (("Content-Type", "text/xml"),)


def make_handler(control: Control, interfaces: Mapping[str, object]) -> Handler:
    """The handler for `supervisor.*`, `system.*` and the extra namespaces (from `load_interface`)."""
    dispatcher = Dispatcher(control, interfaces)

    async def handle(request: Request) -> Response:
        refusal = _refuse(request)
        if refusal is not None:
            return refusal
        try:
            call = decode_call(request.body)
        except XmlRpcError as error:
            status = 413 if isinstance(error, TooLargeError) else 400
            return error_response(status, f"the XML-RPC request cannot be read: {error}")
        try:
            result = await dispatcher.call(call.method, cast(list[object], call.params))
            return Response(200, _XML, encode_response(result))
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            return Response(200, _XML, encode_fault(*fault))

    return handle


def _refuse(request: Request) -> Response | None:
    if request.method != "POST":
        return error_response(400)
    if request.header("content-length") is None and request.header("transfer-encoding") is None:
        return error_response(411)
    return None
