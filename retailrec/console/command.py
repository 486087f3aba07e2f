"""``retailrec console``: serve the page, on this machine only."""

import socket
import webbrowser

import uvicorn

from retailrec.client.problems import Problem
from retailrec.client.sessions import aws_session
from retailrec.console.app import build
from retailrec.console.stack_session import SessionOpener
from retailrec.views.screen import out

LOOPBACK = "127.0.0.1"
PORT = 4680


def console(stack: str | None, port: int, open_it: bool) -> None:
    """Serve the console until Ctrl-C."""
    listening = listen(port)
    url = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(build(SessionOpener(stack)), log_level="warning", access_log=False)
    )
    shown = f"{stack} in {aws_session().region_name}" if stack else "the local cloud"
    out().print(f"The console of {shown} is at {url}  (Ctrl-C stops it)")
    if open_it and not webbrowser.open(url):
        out().print("No browser was found: open this address yourself.")
    server.run(sockets=[listening])


def listen(port: int) -> socket.socket:
    """Listen on the loopback interface; raises Problem when the port is taken. Port 0 is any free one."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen()  # before its address is printed: an early request waits instead of being refused
    except OSError as error:
        listening.close()
        raise Problem(
            f"Port {port} of {LOOPBACK} cannot be used ({error.strerror}): choose another with --port."
        ) from None
    return listening
