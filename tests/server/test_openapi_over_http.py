"""Who follows the OpenAPI document over HTTP gets what it says: each example is sent as its operation tells."""

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from activity_session_testing.openapi import CALLS, DOCUMENT, NAMESPACE, is_of
from activity_session_testing.servers import serving

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving("sqlite:///:memory:", anonymous_role="system", http_address="127.0.0.1:0") as server:
        yield server.http_address


def found(name: str, resource: str) -> tuple[str, str, Any]:
    """Return the path, the verb and the operation of an RPC that is about a resource."""
    return next(
        (path, verb, operation)
        for path, item in DOCUMENT["paths"].items()
        for verb, operation in item.items()
        if operation["operationId"].partition("Of")[0] == name
        and re.findall(r"(\w+)/{", path) == [word for word in resource.split("/")[::2] if word]
    )


def test_each_example_is_taken_as_the_document_tells(address: str) -> None:
    for name, given in CALLS:
        fields = {**given, **next((value for value in given.values() if isinstance(value, dict)), {})}
        named = (fields[key] for key in ("name", "parent", "session") if isinstance(fields.get(key), str))
        resource = next(named, "")
        path, verb, operation = found(name, resource)
        ids = map(quote, resource.split("/")[1::2])
        declared = [one["name"] for one in operation["parameters"] if one.get("in") == "query"]
        query = urlencode({key: text_of(fields[key]) for key in declared if key in fields}, doseq=True)
        target = path.format_map(dict(zip(re.findall(r"{(\w+)}", path), ids, strict=True))) + f"?{query}" * bool(query)
        assert_is_told(address, verb.upper(), target, operation)


def text_of(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def assert_is_told(address: str, method: str, target: str, operation: Any) -> None:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request(method, target, None if body is None else json.dumps(body), {} if body is None else JSON)
    response, told = connection.getresponse(), operation["responses"]["200"]
    ((kind, content),) = told["content"].items()
    data = response.read() if kind == "application/json" else first_event(response)
    connection.close()
    assert (response.status, response.headers.get_content_type()) == (200, kind), data
    assert not [header for header in told["headers"] if response.getheader(header) is None]
    is_of(content["schema"], json.loads(data))


def first_event(response: http.client.HTTPResponse) -> bytes:
    while not (line := response.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    return line.removeprefix(b"data: ")


@pytest.mark.parametrize(
    "target", [f"/v1/{NAMESPACE}/sessions/none", f"/v1/{NAMESPACE}/sessions?pageSize=-1", "/v1/none"]
)
def test_an_error_is_of_its_schema(address: str, target: str) -> None:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", f"/v1/{target}")
    response = connection.getresponse()
    error = json.loads(response.read())
    connection.close()
    is_of({"$ref": "#/components/schemas/Error"}, error)
    assert error["error"]["code"] == response.status


def test_the_document_is_there(address: str) -> None:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", "/openapi.json")
    response = connection.getresponse()
    assert (response.status, response.headers.get_content_type()) == (200, "application/json")
    assert json.loads(response.read()) == DOCUMENT
    connection.close()


def test_it_is_not_there_where_the_schema_is_not_shown() -> None:
    with serving("sqlite:///:memory:", anonymous_role="system", http_address="127.0.0.1:0", reflection="off") as server:
        connection = http.client.HTTPConnection(server.http_address, timeout=10)
        connection.request("GET", "/openapi.json")
        assert connection.getresponse().status == 404
        connection.close()
