"""What the channel of a client sends, and how often, as a mirror shows it."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from grpc import StatusCode, ssl_server_credentials

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_pb2 import SESSION_VIEW_BASIC, SESSION_VIEW_FULL, SESSION_VIEW_UNSPECIFIED
from activity_session.v1.session_service_pb2 import WatchSessionRequest, WatchSessionResponse
from activity_session_testing.drivers import CLIENTS, Client, Driver, driving
from activity_session_testing.mirrors import STAY, Answer, Mirror, mirroring
from activity_session_testing.rpcs import RPCS, WITH_REQUEST_ID, Rpc

TOKEN = "a.token"
MOST_ATTEMPTS = 5
CREATE, READ = "SessionService/CreateSession", "SessionService/GetSession"
WATCH = "SessionService/WatchSession"
SESSION = "namespaces/default/sessions/x"
LARGE = 3 * 1024 * 1024
RETRIED = (StatusCode.UNAVAILABLE, StatusCode.CANCELLED)
FINAL = [code for code in StatusCode if code not in (StatusCode.OK, *RETRIED)]
# Makes a library retry at once, where it would otherwise wait for seconds.
UNAVAILABLE_FOR_A_MOMENT = Answer(StatusCode.UNAVAILABLE, trailing=[("grpc-retry-pushback-ms", "1")])
# Blocking calls of synchronous Python cannot be cancelled.
CANCELLING = [client for client in CLIENTS if client.name != "python"]


@pytest.fixture(scope="module")
def driver(client: Client, mirror: Mirror) -> Iterator[Driver]:
    with driving(client, mirror.address, "--token", TOKEN) as driver:
        yield driver


def path(rpc: Rpc) -> str:
    return f"{rpc.descriptor.containing_service.name}/{rpc.name}"


def request_ids(mirror: Mirror) -> list[str]:
    return [attempt.request.request_id for attempt in mirror.attempts]


def is_uuid4(text: str) -> bool:
    return str(uuid.UUID(text)) == text and uuid.UUID(text).version == 4


class TestToken:
    def test_goes_with_each_attempt_of_a_call(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(*RETRIED, StatusCode.OK)
        assert driver.call(CREATE, {})["status"] == "OK"
        assert [attempt.values("authorization") for attempt in mirror.attempts] == [[f"Bearer {TOKEN}"]] * 3

    @pytest.mark.parametrize("command", [{"method": WATCH, "request": {"name": SESSION}}, {"watch": SESSION}])
    def test_goes_with_streams(self, driver: Driver, mirror: Mirror, command: dict[str, Any]) -> None:
        mirror.play()
        stream = driver.begin(command)
        mirror.wait_for(1)
        stream.cancel()
        assert mirror.attempts[0].values("authorization") == [f"Bearer {TOKEN}"]

    def test_is_not_there_where_none_was_given(self, client: Client, mirror: Mirror) -> None:
        mirror.play()
        with driving(client, mirror.address) as driver:
            driver.call(CREATE, {})
            driver.begin({"watch": SESSION})
            mirror.wait_for(2)
        assert [attempt.values("authorization") for attempt in mirror.attempts] == [[], []]


class TestTls:
    def test_takes_a_certificate_authority_of_ones_own(self, client: Client, tmp_path: Path) -> None:
        authority = trustme.CA()
        with mirroring(credentials(authority)) as mirror, secure(client, mirror, authority, tmp_path) as driver:
            assert driver.call(CREATE, {})["status"] == "OK"
            assert mirror.attempts[0].values("authorization") == [f"Bearer {TOKEN}"]

    def test_refuses_a_certificate_of_another_authority(self, client: Client, tmp_path: Path) -> None:
        with mirroring(credentials(trustme.CA())) as mirror, secure(client, mirror, trustme.CA(), tmp_path) as driver:
            answer = driver.call(CREATE, {}, timeout=2)
        assert answer["status"] in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
        assert mirror.attempts == []


def credentials(authority: trustme.CA) -> Any:
    certificate = authority.issue_cert("127.0.0.1")
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    return ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])


def secure(client: Client, mirror: Mirror, authority: trustme.CA, folder: Path) -> Any:
    """A driver that trusts an authority, and no other."""
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return driving(client, mirror.address, "--token", TOKEN, "--ca", str(folder / "ca.pem"))


class TestRequestId:
    def test_each_call_that_takes_one_has_its_own(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play()
        for rpc in WITH_REQUEST_ID.values():
            assert driver.call(path(rpc), {})["status"] == "OK"
        assert [attempt.method for attempt in mirror.attempts] == list(WITH_REQUEST_ID)
        assert all(map(is_uuid4, request_ids(mirror)))
        assert len(set(request_ids(mirror))) == len(WITH_REQUEST_ID)

    def test_all_other_calls_are_sent_as_they_are(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(*[StatusCode.OK] * len(RPCS))
        others = [rpc for rpc in RPCS.values() if not rpc.takes_request_id]
        for rpc in others:
            driver.call(path(rpc), {})
        assert [attempt.request for attempt in mirror.attempts] == [rpc.request_class() for rpc in others]

    def test_is_kept_over_all_attempts_and_another_one_for_the_next_call(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(StatusCode.UNAVAILABLE, StatusCode.CANCELLED, StatusCode.UNAVAILABLE, StatusCode.OK)
        assert driver.call(CREATE, {})["status"] == "OK"
        (first,) = set(request_ids(mirror))
        assert len(mirror.attempts) == 4
        driver.call(CREATE, {})
        assert first not in request_ids(mirror)[4:]

    def test_of_the_caller_is_kept(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(*RETRIED, StatusCode.OK)
        assert driver.call(CREATE, {"request_id": "mine"})["status"] == "OK"
        assert request_ids(mirror) == ["mine"] * 3

    def test_the_bare_channel_sends_none_and_only_once(self, driver: Driver, mirror: Mirror) -> None:
        for code in RETRIED:
            mirror.play(code)
            assert driver.call(CREATE, {}, channel="bare")["status"] == code.name
            assert request_ids(mirror) == [""]


class TestTexts:
    @pytest.mark.parametrize("half", ["\ud83d", "\ude80 and more", "\ude80\ud83d"], ids=ascii)
    def test_half_an_emoji_is_never_sent(self, driver: Driver, mirror: Mirror, half: str) -> None:
        mirror.play()
        answer = driver.call(CREATE, {"session": {"labels": {"title": f"a {half}"}}})
        # Some parsers of JSON refuse it before the client can.
        assert answer["status"] in {"INVALID_JSON", "INVALID_ARGUMENT"}
        assert answer.get("fields", ["session.labels.title"]) == ["session.labels.title"]
        assert mirror.attempts == []

    def test_a_whole_one_is_sent_as_it_is(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(StatusCode.OK)
        texts = {"a": "\U0001f680", "b": "e\u0301", "c": "\ufffd", "d": "\0"}
        assert driver.call(CREATE, {"session": {"labels": texts}})["status"] == "OK"
        assert [dict(attempt.request.session.labels) for attempt in mirror.attempts] == [texts]


class TestWatch:
    def test_keeps_its_view_and_its_place_when_it_resumes(self, driver: Driver, mirror: Mirror) -> None:
        event = WatchSessionResponse(event=Event(sequence=7))
        mirror.play(StatusCode.UNAVAILABLE, Answer(StatusCode.UNAVAILABLE, [event]), STAY)
        watch = driver.begin({"watch": SESSION, "after_sequence": 5, "view": "SESSION_VIEW_FULL"})
        mirror.wait_for(3)
        watch.cancel()
        assert [attempt.request for attempt in mirror.attempts] == [
            WatchSessionRequest(name=SESSION, after_sequence=place, view=SESSION_VIEW_FULL) for place in (5, 5, 7)
        ]

    def test_sends_the_uid_that_the_first_message_has_told_with_each_later_request(
        self, driver: Driver, mirror: Mirror
    ) -> None:
        told = WatchSessionResponse(event=Event(sequence=1), uid="told")
        later = WatchSessionResponse(event=Event(sequence=2))
        mirror.play(StatusCode.UNAVAILABLE, Answer(StatusCode.UNAVAILABLE, [told]), StatusCode.UNAVAILABLE)
        assert uids_sent_and_shown(driver, mirror, 4) == (["", "", "told", "told"], ["told"])
        mirror.play(Answer(StatusCode.UNAVAILABLE, [told, later]), STAY)
        assert uids_sent_and_shown(driver, mirror, 2) == (["", "told"], ["told", "told"])

    def test_sends_the_uid_of_its_caller_from_the_first_request_on(self, driver: Driver, mirror: Mirror) -> None:
        told = WatchSessionResponse(event=Event(sequence=8), uid="given")
        mirror.play(StatusCode.UNAVAILABLE, Answer(StatusCode.UNAVAILABLE, [told]), STAY)
        assert uids_sent_and_shown(driver, mirror, 3, uid="given") == (["given"] * 3, ["given"])

    def test_has_no_uid_to_send_where_the_server_tells_none(self, driver: Driver, mirror: Mirror) -> None:
        event = WatchSessionResponse(event=Event(sequence=1))
        mirror.play(Answer(StatusCode.UNAVAILABLE, [event]), STAY)
        assert uids_sent_and_shown(driver, mirror, 2) == (["", ""], [""])

    def test_asks_for_no_data_unless_it_is_told_to(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play()
        watch = driver.begin({"watch": SESSION})
        mirror.wait_for(1)
        watch.cancel()
        assert mirror.attempts[0].request.view in (SESSION_VIEW_UNSPECIFIED, SESSION_VIEW_BASIC)


def uids_sent_and_shown(driver: Driver, mirror: Mirror, streams: int, **options: str) -> tuple[list[str], list[str]]:
    """Watch over some streams; return the uid of each request, and what the client shows with each message."""
    watch = driver.begin({"watch": SESSION, **options})
    mirror.wait_for(streams)
    watch.cancel()
    shown = []
    while "status" not in (line := watch.next()):
        shown.append(line["uid"])
    return [attempt.request.uid for attempt in mirror.attempts], shown


class TestAttempts:
    def test_a_read_is_sent_again_like_a_write(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(*RETRIED, StatusCode.OK)
        assert driver.call(READ, {"name": SESSION})["status"] == "OK"
        assert [attempt.request.name for attempt in mirror.attempts] == [SESSION] * 3

    def test_no_other_status_is_sent_again(self, driver: Driver, mirror: Mirror) -> None:
        for code in FINAL:
            mirror.play(code)
            assert driver.call(CREATE, {})["status"] == code.name
            assert len(mirror.attempts) == 1, code

    @pytest.mark.parametrize(
        "answer", [UNAVAILABLE_FOR_A_MOMENT, Answer(StatusCode.CANCELLED)], ids=["library", "helper"]
    )
    def test_there_is_an_end_to_them(self, driver: Driver, mirror: Mirror, answer: Answer) -> None:
        mirror.play(*[answer] * 2 * MOST_ATTEMPTS)
        assert answer.code is not None
        assert driver.call(CREATE, {})["status"] == answer.code.name
        assert len(mirror.attempts) == MOST_ATTEMPTS

    def test_those_after_unavailable_are_the_library_s_own(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(UNAVAILABLE_FOR_A_MOMENT, UNAVAILABLE_FOR_A_MOMENT, StatusCode.OK)
        driver.call(CREATE, {})
        assert [attempt.previous_attempts for attempt in mirror.attempts] == [0, 1, 2]

    def test_a_large_request_is_sent_again_whole(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(*RETRIED, StatusCode.OK)
        assert driver.call(CREATE, {"session": {"data": "x" * LARGE}})["status"] == "OK"
        assert [len(attempt.request.session.data) for attempt in mirror.attempts] == [LARGE] * 3

    @pytest.mark.parametrize("client", CANCELLING, ids=lambda client: client.name, indirect=True, scope="module")
    def test_what_the_caller_cancels_is_not_sent_again(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(STAY)
        call = driver.begin({"method": CREATE, "request": {}})
        mirror.wait_for(1)
        call.cancel()
        assert call.next()["status"] == "CANCELLED"
        assert driver.call(CREATE, {})["status"] == "OK"
        assert len(mirror.attempts) == 2


class TestDeadline:
    def test_of_the_caller_spans_all_attempts(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(StatusCode.UNAVAILABLE, StatusCode.CANCELLED, StatusCode.CANCELLED, StatusCode.OK)
        assert driver.call(CREATE, {}, timeout=2)["status"] == "OK"
        left = [attempt.seconds_left or 0 for attempt in mirror.attempts]
        # The pauses are 0.2, 0.1 and 0.2 seconds, at most a fifth shorter; the deadline that a library sends may be 3 %
        # longer.
        assert 1.5 < left[0] < 2.1
        assert left[3] < left[0] - 0.3

    def test_of_the_caller_ends_the_last_attempt(self, driver: Driver, mirror: Mirror) -> None:
        mirror.play(StatusCode.CANCELLED, StatusCode.CANCELLED, STAY)
        start = time.monotonic()
        # The pauses take 0.3 seconds; the rest gives a busy machine time for the third attempt.
        assert driver.call(CREATE, {}, timeout=4)["status"] == "DEADLINE_EXCEEDED"
        assert 3.9 <= time.monotonic() - start < 8
        assert len(mirror.attempts) == 3
