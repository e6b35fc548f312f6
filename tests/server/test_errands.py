"""What a thread does again and again goes on, whatever happened before."""

import pytest

from activity_session_server.live.errands import Errand


def test_is_done_again_after_it_has_failed(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def do() -> None:
        done.append(1)
        if len(done) == 1:
            raise RuntimeError("planted")

    errand = Errand("some", do, interval=60, pause=0)
    errand.start(10)
    assert len(done) == 1
    assert "the errand some failed" in caplog.text
    errand.ask(10)
    errand.stop()
    assert len(done) >= 2
