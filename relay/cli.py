"""The command line: ``syncore-relay serve``.

Owns arguments, exit codes and what is printed; composes the adapters.

Exit codes: 0 stopped as asked, 1 the store or the address cannot be used, 2 wrong arguments.
"""

import argparse
import asyncio
import importlib
import ipaddress
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from relay import logs
from relay.config import RelayConfig
from relay.server import RelayServer
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.core.errors import Misused, SyncoreError
from syncore.core.limits import MIB

DEFAULT_LISTEN = "127.0.0.1:8787"
_MAX_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        config = config_from(options)
    except Misused as error:
        print(f"syncore-relay: {error}", file=sys.stderr)
        return 2
    logs.configure(as_json=options.json)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(config))
    except SyncoreError as error:
        print(f"syncore-relay: {error}", file=sys.stderr)
        return 1
    return 0


def config_from(options: argparse.Namespace) -> RelayConfig:
    """The checked configuration.

    Raises:
        Misused: an address that cannot be listened on, or options that do not go together.
    """
    host, port = parse_listen(options.listen)
    if (options.certificate is None) != (options.key is None):
        raise Misused("--certificate and --key go together")
    config = RelayConfig(
        store=options.store,
        host=host,
        port=port,
        certificate=options.certificate,
        key=options.key,
        allow_plaintext=options.allow_plaintext,
        max_connections=options.max_connections,
        max_spaces=options.max_spaces,
        quota_bytes=options.quota_bytes,
    )
    if config.certificate is None and not config.allow_plaintext and not is_loopback(host):
        raise Misused(
            f"{host} can be reached from outside, and there is no TLS",
            hint="give --certificate and --key, or --allow-plaintext behind a proxy that does TLS",
        )
    return config


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT`` or ``[ADDRESS]:PORT``.

    Raises:
        Misused: it is neither.
    """
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not (port.isascii() and port.isdecimal()) or int(port) > _MAX_PORT:
        raise Misused(f"{text!r} is no address to listen on", hint="give HOST:PORT, such as 127.0.0.1:8787")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop of the extra ``relay``, when it is installed."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(config: RelayConfig) -> None:
    async with RelayServer.start(config, clock=SystemClock(), entropy=SystemEntropy()) as server:
        line = f"listening on {server.address}  relay key {server.public_key.hex()}"
        await server.run_until_stopped(ready=lambda: print(line, flush=True))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="syncore-relay", description="Store and forward sealed segments.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run a relay until SIGTERM or SIGINT")
    serve.add_argument(
        "--listen",
        default=DEFAULT_LISTEN,
        metavar="HOST:PORT",
        help=f"default {DEFAULT_LISTEN}; port 0: a free one",
    )
    serve.add_argument(
        "--store",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder of the relay's key and data; made when missing",
    )
    serve.add_argument("--certificate", type=Path, metavar="FILE", help="PEM certificate chain: serve wss://")
    serve.add_argument("--key", type=Path, metavar="FILE", help="PEM private key of the certificate")
    serve.add_argument(
        "--allow-plaintext", action="store_true", help="listen beyond loopback without TLS (behind a proxy)"
    )
    serve.add_argument("--max-connections", type=_positive, default=1_000, metavar="N", help="default 1000")
    serve.add_argument("--max-spaces", type=_positive, default=100_000, metavar="N", help="default 100000")
    serve.add_argument(
        "--quota-bytes", type=_positive, default=1024 * MIB, metavar="N", help="for each space; default 1 GiB"
    )
    serve.add_argument("--json", action="store_true", help="log JSON lines to standard error")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError
    return number
