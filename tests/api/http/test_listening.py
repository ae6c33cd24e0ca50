"""Where the API listens, and what it says of an address where it cannot."""

import socket

import pytest

from api.http.listening import address_of
from shared.settings import SettingsError
from tests.redis_servers import free_port


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("0.0.0.0", "0.0.0.0"),
        ("::", "::"),
    ],
)
def test_names_and_addresses_of_this_machine(host, address):
    assert address_of(host, free_port()) == address


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "HOST: the API cannot listen on 192.0.2.1 port"),
        ("2001:db8::1", "HOST: the API cannot listen on 2001:db8::1 port"),
        ("otp.invalid", "HOST: otp.invalid is not an address or name of this machine"),
        ("127.0.0.1:5000", "HOST: 127.0.0.1:5000 is not an address"),
        ("http://localhost", "HOST: http://localhost is not an address"),
        ("256.0.0.1", "HOST: 256.0.0.1 is not an address"),
        ("a" * 64 + ".example", "HOST: aaaa"),
    ],
)
def test_an_address_that_is_not_ours_is_named(host, said):
    with pytest.raises(SettingsError) as refused:
        address_of(host, free_port())
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::"])
def test_a_port_that_is_taken_is_named(host):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"^PORT: .* port {port}: Address already in use"):
            address_of(host, port)
