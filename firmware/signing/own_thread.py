"""A thread of its own for a library that may hang: the caller waits a bounded time, whatever it does."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class OwnThread:
    """Runs calls one after the other, all in the same thread; it ends with the process, hanging or not."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, call: Callable[[], T], within_s: float) -> T:
        """Return what ``call`` returns, or raise what it raises; TimeoutError when it is not done in time."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        future: Future[T] = Future()
        self._calls.put((future, call))
        try:
            return future.result(within_s)
        finally:
            future.cancel()  # one that still waits behind a call that hangs is not wanted any more

    def _work(self) -> None:
        while True:
            future, call = self._calls.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                future.set_exception(error)
