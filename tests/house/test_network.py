"""The tests cannot reach the network."""

from __future__ import annotations

import socket

import pytest


def test_no_test_reaches_the_network() -> None:
    with socket.socket() as tried, pytest.raises(OSError, match="do not reach"):
        tried.connect(("192.0.2.1", 80))
