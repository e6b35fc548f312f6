"""The driver of the Python client for asyncio."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aio_loop
import grpc
import protocol
from google.protobuf.json_format import ParseError

from activity_session import aio


class _Driver:
    def __init__(self) -> None:
        given = protocol.arguments()
        self._channels = {
            "connected": aio.connect(given.target, token=given.token, tls=protocol.tls(given)),
            "bare": grpc.aio.insecure_channel(given.target),
        }
        self._running: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        protocol.write({"ready": True})
        while line := await asyncio.to_thread(sys.stdin.readline):
            command = json.loads(line)
            if "cancel" in command:
                self._running[command["cancel"]].cancel()
            else:
                self._running[command["id"]] = asyncio.create_task(self._do(command))
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values())
        for channel in self._channels.values():
            await channel.close()

    async def _do(self, command: dict[str, Any]) -> None:
        number, failure = command["id"], None
        try:
            async for line in self._lines(command):
                protocol.write(line)
        except (grpc.RpcError, ParseError) as error:
            failure = error
        except asyncio.CancelledError:
            if "method" in command:
                failure = grpc.aio.AioRpcError(grpc.StatusCode.CANCELLED, grpc.aio.Metadata(), grpc.aio.Metadata())
        protocol.write(protocol.status(number, failure))

    async def _lines(self, command: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        number = command["id"]
        if "loop" in command:
            async for line in aio_loop.lines(self._channels["connected"], command):
                yield {"id": number, **line}
            return
        if "watch" not in command:
            async for answer in self._answers(command):
                yield protocol.message(number, answer)
            return
        watch = aio.watch(self._channels["connected"], command["watch"], **protocol.watch_options(command))
        async for message in watch:
            yield protocol.message(number, message, uid=watch.uid)

    async def _answers(self, command: dict[str, Any]) -> Any:
        call = protocol.stub_method(self._channels[command.get("channel", "connected")], command["method"])
        request = protocol.parse(command["method"], command["request"])
        answers = call(request, timeout=command.get("timeout"))
        if not protocol.is_stream(command["method"]):
            yield await answers
            return
        async for answer in answers:
            yield answer


async def _main() -> None:
    await _Driver().run()  # made here, since channels belong to the loop in which they are made


if __name__ == "__main__":
    asyncio.run(_main())
