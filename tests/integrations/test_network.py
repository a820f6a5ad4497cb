import socket

import pytest
import pytest_socket


@pytest.mark.filterwarnings("ignore:A test tried to use")
def test_tests_of_adapters_have_none() -> None:
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.create_connection(("127.0.0.1", 9))


@pytest.mark.enable_socket
def test_tests_that_ask_servers_have_it() -> None:
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", 9))
