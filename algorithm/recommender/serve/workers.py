"""Worker processes over one loaded model: forked, given connections in turn, replaced when they die.

Forking after the model is loaded is what shares it: not only the mapped arrays, also the program itself.
Workers that accept for themselves do it unevenly: the first to wake takes whatever waits, and few clients
with lasting connections, as SageMaker's are, may all end at one worker. So the parent accepts for them.
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

SHORTEST_LIFE = 1.0  # seconds; a worker that dies sooner is replaced only after that time
MOST_AT_ONCE = 64  # connections accepted before looking at anything else
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGCHLD}

log = logging.getLogger(__name__)


class Workers:
    """Runs ``work`` in so many processes until SIGTERM or SIGINT.

    ``work`` is given the worker's end of a channel. Each byte that comes through it brings the descriptor of
    a connection (``socket.recv_fds``); its end means that the parent is gone, however that came. Workers end
    on SIGTERM; those that have not after ``grace`` seconds are killed.
    """

    def __init__(
        self, listener: socket.socket, work: Callable[[socket.socket], None], number: int, grace: int
    ) -> None:
        self._listener = listener
        self._work = work
        self._due = [0.0] * number  # when to start each that is missing
        self._grace = grace
        self._channels: dict[int, socket.socket] = {}
        self._born: dict[int, float] = {}
        self._turns = count()
        self._stopping = False

    def run(self) -> None:
        """Return when all workers have ended after a signal."""
        self._listener.setblocking(False)
        wake, woken = os.pipe()
        os.set_blocking(woken, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, self._kill)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # select is to wake
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()  # what is there now is not looked at again, so its pages stay shared
        while self._born or not self._stopping:
            self._start_due()
            if self._stopping:
                self._listener.close()  # who comes now is refused at once
            waiting = [wake, self._listener.fileno()] if self._channels and not self._stopping else [wake]
            ready = select(waiting, (), (), self._pause())[0]
            if wake in ready:
                os.read(wake, 4096)
            self._reap()
            if self._listener.fileno() in ready:
                self._hand_out()

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
        # A signal between the fork and the note of its child would miss that child.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            with warnings.catch_warnings():
                # Python warns of forking beside threads; these are BLAS's, which minds forks itself.
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
        """Work, and never return: the rest of this stack is the parent's."""
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
                log.error("worker %d died with exit code %d; another one takes its place", pid, code)
                self._due.append(max(time.monotonic(), born + SHORTEST_LIFE))

    def _hand_out(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except OSError:  # none is left, or its client is gone
                return
            with connection:
                self._hand_over(connection)

    def _hand_over(self, connection: socket.socket) -> None:
        """Give a connection to the worker whose turn it is, or to the next that takes it."""
        channels = list(self._channels.values())
        turn = next(self._turns)
        for place in range(len(channels)):
            with contextlib.suppress(OSError):  # full, or just dead
                socket.send_fds(channels[(turn + place) % len(channels)], [b"c"], [connection.fileno()])
                return

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            signal.alarm(self._grace)
        self._send(signal.SIGTERM)

    def _kill(self, _signal: int, _frame: FrameType | None) -> None:
        log.error("workers that did not end within %d seconds are killed", self._grace)
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for pid in list(self._born):  # a pid of ours stays ours until it is waited for
            os.kill(pid, number)
