"""Worker processes over one loaded model: forked, given connections in turn, replaced when they die.

Forking after the model is loaded shares it: the mapped arrays and the program itself. Workers that accept
for themselves do it unevenly: the first to wake takes all that wait, and a few clients with persistent
connections, such as SageMaker's, may all end at one worker. So the parent accepts for them.
"""

import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from itertools import count
from select import select
from types import FrameType

MIN_LIFE = 1.0  # seconds; a worker that dies sooner is replaced only after that time
MAX_ACCEPTED = 64  # connections accepted before anything else is checked
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGCHLD}

log = logging.getLogger(__name__)


class Workers:
    """Runs ``work`` in ``number`` processes until SIGTERM or SIGINT.

    ``work`` gets the worker's end of a channel. Each byte in it comes with the descriptor of a connection
    (``socket.recv_fds``); its end means that the parent has ended. Workers end on SIGTERM; those that have
    not after ``grace`` seconds are killed.
    """

    def __init__(
        self, listener: socket.socket, work: Callable[[socket.socket], None], number: int, grace: int
    ) -> None:
        self._listener = listener
        self._work = work
        self._due = [0.0] * number  # when to start each missing worker
        self._grace = grace
        self._channels: dict[int, socket.socket] = {}
        self._born: dict[int, float] = {}
        self._turns = count()
        self._stopping = False

    def run(self) -> None:
        """Run until all workers have ended after a signal."""
        self._listener.setblocking(False)
        wake, woken = os.pipe()
        os.set_blocking(woken, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, self._kill)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # to wake select
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()  # the collector skips these objects from now on, so their pages stay shared
        while self._born or not self._stopping:
            self._start_due()
            if self._stopping:
                self._listener.close()  # new connections are refused at once
            waiting = [wake, self._listener.fileno()] if self._channels and not self._stopping else [wake]
            ready = select(waiting, (), (), self._pause())[0]
            if wake in ready:
                os.read(wake, 4096)
            self._reap()
            if self._listener.fileno() in ready:
                self._accept()

    def _pause(self) -> float | None:
        return max(0.0, min(self._due) - time.monotonic()) if self._due else None

    def _start_due(self) -> None:
        now = time.monotonic()
        for due in [due for due in self._due if due <= now]:
            if not self._stopping:
                self._due.remove(due)
                self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        # A signal between the fork and the registration of its child would miss that child.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            with warnings.catch_warnings():
                # Python warns of forks where there are threads; these are BLAS's, which handles forks.
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if pid:
                self._channels[pid], self._born[pid] = ours, time.monotonic()
                theirs.close()
                if self._stopping:
                    os.kill(pid, signal.SIGTERM)
            else:
                ours.close()
                self._become_worker(theirs)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _become_worker(self, channel: socket.socket) -> None:
        """Run the work and exit: the rest of this call stack belongs to the parent."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            self._listener.close()
            for other in self._channels.values():
                other.close()
            self._work(channel)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001 - the process ends here
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        for pid in list(self._born):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            born = self._born.pop(pid)
            self._channels.pop(pid).close()
            if not self._stopping:
                code = os.waitstatus_to_exitcode(status)
                log.error("worker %d died with exit code %d; starting another", pid, code)
                self._due.append(max(time.monotonic(), born + MIN_LIFE))

    def _accept(self) -> None:
        for _ in range(MAX_ACCEPTED):
            try:
                connection, _ = self._listener.accept()
            except OSError:  # none is left, or its client has disconnected
                return
            with connection:
                self._pass_on(connection)

    def _pass_on(self, connection: socket.socket) -> None:
        """Send a connection to the next worker in turn, or to the first after it that accepts it."""
        channels = list(self._channels.values())
        turn = next(self._turns)
        for place in range(len(channels)):
            with contextlib.suppress(OSError):  # its buffer is full, or it has just died
                socket.send_fds(channels[(turn + place) % len(channels)], [b"c"], [connection.fileno()])
                return

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            signal.alarm(self._grace)
        self._send(signal.SIGTERM)

    def _kill(self, _signal: int, _frame: FrameType | None) -> None:
        log.error("killing the workers that did not end within %d seconds", self._grace)
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for pid in list(self._born):  # a child's pid is not reused until it is waited for
            os.kill(pid, number)
