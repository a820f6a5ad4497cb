"""Adapters need no network: only tests marked `enable_socket`, which ask servers, have one."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest) -> None:
    # Event loops wake themselves through a pair of Unix sockets. What is taken away here,
    # pytest-socket gives back after each test.
    if request.node.get_closest_marker("enable_socket") is None:
        pytest_socket.disable_socket(allow_unix_socket=True)
