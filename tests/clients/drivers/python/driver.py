"""The driver of the Python client."""

import json
import sys
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import loop
import protocol
from google.protobuf.json_format import ParseError

import activity_session


class _Driver:
    def __init__(self) -> None:
        given = protocol.arguments()
        self._channels = {
            "connected": activity_session.connect(given.target, token=given.token, tls=protocol.tls(given)),
            "bare": grpc.insecure_channel(given.target),
        }
        self._running: dict[int, Any] = {}

    def run(self) -> None:
        protocol.write({"ready": True})
        for line in sys.stdin:
            command = json.loads(line)
            if "cancel" in command:
                self._cancel(command["cancel"])
            else:
                threading.Thread(target=self._do, args=(command,), daemon=True).start()
        for number in list(self._running):
            self._cancel(number)
        for channel in self._channels.values():
            channel.close()

    def _do(self, command: dict[str, Any]) -> None:
        number, failure = command["id"], None
        try:
            for line in self._lines(command):
                protocol.write(line)
        except (grpc.RpcError, ParseError) as error:
            failure = error
        protocol.write(protocol.status(number, failure))

    def _lines(self, command: dict[str, Any]) -> Iterator[dict[str, Any]]:
        number = command["id"]
        if "loop" in command:
            ending = self._running[number] = loop.Ending()
            return ({"id": number, **line} for line in loop.lines(self._channels["connected"], command, ending))
        if "watch" not in command:
            return (protocol.message(number, answer) for answer in self._answers(command))
        options = protocol.watch_options(command)
        watch = activity_session.watch(self._channels["connected"], command["watch"], **options)
        self._running[number] = watch
        return (protocol.message(number, message, uid=watch.uid) for message in watch)

    def _answers(self, command: dict[str, Any]) -> Any:
        number = command["id"]
        call = protocol.stub_method(self._channels[command.get("channel", "connected")], command["method"])
        request = protocol.parse(command["method"], command["request"])
        if not protocol.is_stream(command["method"]):
            return [call(request, timeout=command.get("timeout"))]
        self._running[number] = call(request, timeout=command.get("timeout"))
        return self._running[number]

    def _cancel(self, number: int) -> None:
        running = self._running.pop(number, None)
        if isinstance(running, activity_session.Watch | loop.Ending):
            running.close()
        elif running is not None:
            running.cancel()


if __name__ == "__main__":
    _Driver().run()
