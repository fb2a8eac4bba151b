"""Documents from the web, within limits of size, time, redirects and place."""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit, urlunsplit

import httpx

from services.producer.inputs import FetchLimits, Rejected

NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Document:
    """What was fetched.

    Attributes:
        url: where it was found in the end, after redirects.
        content: its bytes, decompressed.
        charset: the encoding the server names, or None.
    """

    url: str
    content: bytes
    charset: str | None


def fetch(url: str, limits: FetchLimits) -> Document:
    """Fetch a document by HTTP or HTTPS; blocks for at most `limits.seconds` and some.

    Proxies of the environment are not used: behind one, the address that is reached could not be checked.

    Raises:
        Rejected: it could not be had within the limits; the reason names which.
    """
    # A thread with a loop of its own, since the caller may run in one. asyncio alone can bound the whole of a
    # fetch: httpx's own timeouts start anew with every byte of a slow server.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _fetch(url, limits)).result()


def is_web(url: str) -> bool:
    """Whether it is an http or https URL."""
    return url.lower().startswith(("http://", "https://"))


def without_password(url: str) -> str:
    """The URL for messages and records: user and password left out, all else as written."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url


async def _fetch(url: str, limits: FetchLimits) -> Document:
    try:
        async with asyncio.timeout(limits.seconds), _client(limits) as client, client.stream("GET", url) as response:
            response.raise_for_status()
            content = await _body(response, limits.max_bytes)
            return Document(str(response.url), content, response.charset_encoding)
    except TimeoutError:
        raise Rejected(f"not fetched: it took longer than {limits.seconds:g} s") from None
    except httpx.HTTPStatusError as error:
        raise Rejected(f"not fetched: the server answers {error.response.status_code}") from None
    except httpx.TooManyRedirects:
        raise Rejected(f"not fetched: more than {limits.max_redirects} redirects") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        if isinstance(error, Rejected):
            raise
        raise Rejected(f"not fetched: {str(error) or type(error).__name__}") from None


def _client(limits: FetchLimits) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=_CheckedTransport(limits.allow_private),
        follow_redirects=True,
        max_redirects=limits.max_redirects,
        timeout=limits.seconds,
        trust_env=False,
        headers={"User-Agent": f"lagebild/{version('lagebild')}"},
    )


async def _body(response: httpx.Response, limit: int) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes(65_536):
        content += chunk
        if len(content) > limit:
            raise Rejected(f"not fetched: larger than {limit} bytes")
    return bytes(content)


class _CheckedTransport(httpx.AsyncBaseTransport):
    """Resolves the host itself, checks every address, and connects to the address it has checked.

    To check a name and to connect by name would leave a gap in which the name may come to mean another address
    (DNS rebinding). Each redirect comes through here too.
    """

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        # No connection is kept: one made for a host must not serve another host at the same address.
        self._transport = httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in ("http", "https"):
            raise Rejected(f"not fetched: {request.url.scheme or 'no scheme'} is neither http nor https")
        addresses = await self._addresses(request.url)
        for address in addresses[:-1]:
            try:
                return await self._connect(request, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._connect(request, addresses[-1])

    async def _connect(self, request: httpx.Request, address: str) -> httpx.Response:
        # The Host header was set from the name; TLS checks the certificate against the name too.
        return await self._transport.handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": request.url.host},
            )
        )

    async def _addresses(self, url: httpx.URL) -> list[str]:
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Rejected(f"not fetched: the host {url.host!r} is not known") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if not self._allow_private and not is_public(address):
                raise Rejected(
                    f"not fetched: {url.host} is at the private address {address}; --allow-private permits it"
                )
        return addresses

    async def aclose(self) -> None:
        await self._transport.aclose()


def is_public(address: str) -> bool:
    """Whether an IP address lies in the public internet, also where it is an IPv4 address written as IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast
