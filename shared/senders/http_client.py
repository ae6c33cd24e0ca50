"""Handles of libcurl, for the API and the workers."""

import os
from pathlib import Path
from typing import Any

import certifi
import pycurl


def new_handle(*options: tuple[int, Any]) -> pycurl.Curl:
    """A handle with these options, for TLS 1.2 or newer. The server, and a proxy over TLS, are
    proven by the authorities in REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, each a file or a folder, or
    else by those of certifi."""
    given = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    authorities = given or certifi.where()
    is_folder = Path(authorities).is_dir()
    handle = pycurl.Curl()
    # Without this, a folder would be trusted together with the file of the system's authorities.
    # Each connection would also take 0.7 MB more, because a file is read as a whole.
    handle.unsetopt(pycurl.CAINFO)
    handle.unsetopt(pycurl.PROXY_CAINFO)
    for option, value in (
        # libcurl must not use signals outside of the main thread.
        (pycurl.NOSIGNAL, 1),
        (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
        (pycurl.PROXY_SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
        (pycurl.CAPATH if is_folder else pycurl.CAINFO, authorities),
        (pycurl.PROXY_CAPATH if is_folder else pycurl.PROXY_CAINFO, authorities),
        *options,
    ):
        handle.setopt(option, value)
    return handle
