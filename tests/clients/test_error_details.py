"""What a client reports of an error, on a channel that it made and on any other."""

from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc import StatusCode

from activity_session_testing.drivers import Driver
from activity_session_testing.mirrors import Answer, Mirror, error_info, refusal
from activity_session_testing.servers import DETAILS_KEY

VIOLATIONS = [BadRequest.FieldViolation(field=field, description="wrong") for field in ("session.name", "parent")]
BAD_REQUESTS = [BadRequest(field_violations=[violation]) for violation in VIOLATIONS]
UNREADABLE = Packed(type_url=f"type.googleapis.com/{ErrorInfo.DESCRIPTOR.full_name}", value=b"\xff")
NOTHING = {"reason": "", "fields": []}
ERRORS: dict[str, tuple[Answer, dict[str, Any]]] = {
    "a reason with its facts": (
        refusal(StatusCode.ABORTED, error_info("ETAG_MISMATCH", etag="e", resource="r")),
        {"status": "ABORTED", "reason": "ETAG_MISMATCH", "metadata": {"etag": "e", "resource": "r"}, "fields": []},
    ),
    "fields": (
        refusal(StatusCode.INVALID_ARGUMENT, BadRequest(field_violations=VIOLATIONS), error_info("INVALID_FIELD")),
        {"status": "INVALID_ARGUMENT", "reason": "INVALID_FIELD", "fields": ["session.name", "parent"]},
    ),
    "a reason of a later version": (
        refusal(StatusCode.ABORTED, error_info("MOON_TOO_FAR")),
        {"status": "ABORTED", **NOTHING},
    ),
    "a reason of somebody else": (
        refusal(StatusCode.ABORTED, error_info("ETAG_MISMATCH", domain="googleapis.com", etag="e")),
        {"status": "ABORTED", "metadata": {}, **NOTHING},
    ),
    "no details": (
        Answer(StatusCode.DATA_LOSS),
        {"status": "DATA_LOSS", "metadata": {}, **NOTHING},
    ),
    "a reason beside that of somebody else": (
        refusal(StatusCode.ABORTED, error_info("ROUTED", domain="mesh"), error_info("ETAG_MISMATCH", etag="e")),
        {"status": "ABORTED", "reason": "ETAG_MISMATCH", "metadata": {"etag": "e"}, "fields": []},
    ),
    "fields beside a detail that cannot be read": (
        refusal(StatusCode.INVALID_ARGUMENT, UNREADABLE, *BAD_REQUESTS),
        {"status": "INVALID_ARGUMENT", "reason": "", "metadata": {}, "fields": ["session.name", "parent"]},
    ),
    "details that are none": (
        Answer(StatusCode.DATA_LOSS, trailing=[(DETAILS_KEY, b"\xff\xff")]),
        {"status": "DATA_LOSS", "metadata": {}, **NOTHING},
    ),
}


@pytest.mark.parametrize("channel", ["connected", "bare"])
@pytest.mark.parametrize(("answer", "told"), ERRORS.values(), ids=ERRORS)
def test_an_error_tells_what_the_server_said(
    driver: Driver, mirror: Mirror, answer: Answer, told: dict[str, Any], channel: str
) -> None:
    mirror.play(answer)
    error = driver.call("SessionService/CreateSession", {}, channel=channel)
    assert {key: error[key] for key in told} == told
    assert "refused" in error["error"]
    assert error["whole"] == {"code": StatusCode[error["status"]].value[0], "message": "refused"}
