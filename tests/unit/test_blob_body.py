"""A body on its way from the event loop to a worker thread arrives whole."""

import asyncio
from collections.abc import Callable, Coroutine

from strongroom.server.azure.body import GULP, Incoming

ROUNDS = 100


def sending(*parts: bytes) -> Callable[[], Coroutine[None, None, dict[str, object]]]:
    left = list(parts)

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive


def test_a_worker_that_waits_gets_the_last_bytes_too():
    """It used to see that all had come before it could see what had come, and took the body for ended."""

    async def arrive(parts: list[bytes]) -> bytes:
        body = Incoming(sending(*parts), length=sum(map(len, parts)), seconds=10)
        reading = asyncio.get_running_loop().run_in_executor(None, body.read, 1 << 30)
        await body.pump()
        return await reading

    for number in range(ROUNDS):
        parts = [bytes([number % 256]) * (GULP // 2 + number)] * (1 + number % 5)
        assert asyncio.run(arrive(parts)) == b"".join(parts)
