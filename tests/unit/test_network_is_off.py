"""The suite's own guard: nothing but loopback can be reached."""

import asyncio
import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_another_host_cannot_be_reached():
    with socket.socket() as client, pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
        client.connect(("192.0.2.1", 80))


def test_loopback_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_an_event_loop_runs():
    assert asyncio.run(asyncio.sleep(0, "awake")) == "awake"
