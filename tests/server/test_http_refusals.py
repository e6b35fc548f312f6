"""Requests over HTTP that become no call: each is counted by its code, and has a line in the log without its path."""

import logging
from collections.abc import Callable

import pytest

from activity_session_server.http import bodies
from activity_session_server.metrics import definitions
from activity_session_testing.http_calls import HttpClient
from activity_session_testing.scrapes import Scrape
from activity_session_testing.servers import serving

CONNECT = "/activity_session.v1.InfoService/GetServerInfo"
NAMESPACE = "/v1/namespaces/secret"
MADE: dict[str, Callable[[HttpClient], object]] = {
    "400": lambda http: http.call("POST", CONNECT, {}, Connect_Protocol_Version="secret"),
    "403": lambda http: http.call("DELETE", NAMESPACE, Origin="https://secret.example"),
    "404": lambda http: http.call("GET", "/secret"),
    "405": lambda http: http.call("PUT", NAMESPACE),
    "408": lambda http: http.call("POST", CONNECT, b"", Content_Type="application/json", Content_Length="9"),
    "415": lambda http: http.call("PATCH", NAMESPACE, b"secret", Content_Type="text/plain"),
}


@pytest.mark.parametrize("code", definitions.HTTP_CODES)
def test_each_is_counted_and_told(code: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.1)
    # One address has both.
    addresses = {"http_address": "127.0.0.1:0", "admin_address": "127.0.0.1:0"}
    with caplog.at_level(logging.INFO), serving("sqlite:///:memory:", **addresses) as server:
        caplog.clear()
        MADE[code](HttpClient(server.http_address))
        found = Scrape(server.http_address)
        counts = {one: found.value(definitions.HTTP_REFUSED, code=one) for one in definitions.HTTP_CODES}
        assert counts == {one: float(one == code) for one in definitions.HTTP_CODES}
        (line,) = (record for record in caplog.records if record.getMessage().startswith("no call: "))
    assert vars(line)["fields"]["http_code"] == int(code)
    assert "secret" not in line.getMessage() + str(vars(line)["fields"])
