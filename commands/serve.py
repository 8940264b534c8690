"""`serve`: the service, until it is told to stop."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from commands.desk import Answer, Desk, verb
from features.errors import Refusal

# Seconds that requests under way have to end when the service is told to stop.
PATIENCE = 12


@verb()
def serve(
    desk: Desk,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8000,
    tls: Annotated[
        bool,
        typer.Option(
            "--behind-tls",
            help="A proxy on this machine answers HTTPS and passes requests on: cookies are marked Secure, and the proxy is believed when it says who calls.",
        ),
    ] = False,
    guest: Annotated[
        bool,
        typer.Option(
            "--visitor",
            help="Print a sign-in that ends with the service; only where the clock is simulated.",
        ),
    ] = False,
) -> Answer:
    """Answer programs and browsers until stopped (Ctrl-C). Starts only where the champion verifies."""
    import uvicorn

    from commands.documents.serve import ServedDocument
    from commands.visitor import visitor
    from serving.app import create_app
    from serving.web import logs
    from serving.web.settings import Settings

    listening = _listen(host, port)
    logs.to_stderr()
    app = create_app(desk.home, Settings(secure_cookies=tls))
    here = app.state.service
    try:
        lacking = here.readiness.lacking()
        if lacking is not None and lacking.code == "bundle_damaged":
            raise lacking
        address = _address(listening)
        config = uvicorn.Config(
            app,
            workers=1,
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=tls,
            forwarded_allow_ips="127.0.0.1,::1",
            timeout_graceful_shutdown=PATIENCE,
        )

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                desk.tell("The service answers at {address}; Ctrl-C stops it.", address=address)
                if lacking is not None:
                    desk.tell("It is not ready: {reason}", reason=lacking.message()[desk.languages[0]])

        server = Server(config)
        welcome = visitor(desk, here.home, here.store) if guest else contextlib.nullcontext()
        # What was loaded to start with stays: the collector need not go through it again and again.
        gc.collect()
        gc.freeze()
        with _ends_in_peace(), welcome:
            server.run(sockets=[listening])
    finally:
        here.close()
        listening.close()
    desk.tell("The service has stopped.")
    return ServedDocument(address=address, requests=server.server_state.total_requests)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as problem:
        raise Refusal(
            "address_taken", host=host, port=port, reason=problem.strerror or problem.errno
        ) from None


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _ends_in_peace() -> Iterator[None]:
    """uvicorn sends itself the signal again that it stopped for; having stopped is no failure of ours."""

    def unmoved(*_: Any) -> None:
        return None

    before = {each: signal.signal(each, unmoved) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
