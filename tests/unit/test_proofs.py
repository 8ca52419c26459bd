"""Who asks is found out while every thread is searching."""

import threading
from types import SimpleNamespace

import anyio
import pytest
from anyio import from_thread, to_thread
from fastapi import Request

from strongroom.domain.scope import Actor
from strongroom.server.door import visit as door


def test_a_proof_does_not_wait_behind_what_else_is_worked_on(monkeypatch: pytest.MonkeyPatch):
    found = SimpleNamespace(actor=Actor(name="reader"), is_session=True)
    monkeypatch.setattr(door, "prove", lambda site, request: found)
    may_end, taken = threading.Event(), []
    site = SimpleNamespace(proofs=anyio.CapacityLimiter(1), actors=SimpleNamespace(take=taken.append))
    app = SimpleNamespace(state=SimpleNamespace(site=site))
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "app": app})

    async def ask() -> None:
        to_thread.current_default_thread_limiter().total_tokens = 1
        is_busy = anyio.Event()

        def hold() -> None:
            from_thread.run_sync(is_busy.set)
            may_end.wait(60)

        async with anyio.create_task_group() as group:
            group.start_soon(to_thread.run_sync, hold)
            await is_busy.wait()
            with anyio.fail_after(60):
                assert await door.visit(request) is found
            may_end.set()

    anyio.run(ask)
    assert taken == ["reader"]
