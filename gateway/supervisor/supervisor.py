"""The parent: starts children in order, starts again whatever dies, stops them in the reverse order."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from gateway.supervisor import proc
from gateway.supervisor.children import Child, ChildSpec, describe
from gateway.supervisor.errors import CannotStartError, StopRequestedError, SupervisorError
from gateway.supervisor.kernel import adopt_orphans

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds before a dead child is started again
_SETTLED = 10.0  # who lived that long starts again after the first pause
_GONE_SECONDS = 5.0
_HOPELESS = 4  # deaths during the start-up after which waiting longer is no use


@dataclass
class _Kept:
    """A place that always has somebody in it."""

    spec: ChildSpec
    child: Child
    pause: float = _FIRST_PAUSE
    due: float | None = None  # when to start it again, while it is dead
    deaths: int = 0


class Supervisor:
    """Use it as a context manager, from the main thread, in a process that has no other children.

    It adopts the orphans of a dead child and ends them before the next generation starts, so two
    generations never share a port. `together` stops all children at once instead of one by one.
    """

    def __init__(self, say: Callable[[str], None], *, together: bool = False) -> None:
        self._say = say
        self._together = together
        self._kept: list[_Kept] = []
        self._errands: list[Child] = []
        self._stop_asked = False
        self._old_mask: set[int] = set()
        self._stops = {signal.SIGTERM, signal.SIGINT}
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup is meant
            self._stops.add(signal.SIGHUP)

    def __enter__(self) -> Self:
        self._old_mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, {*self._stops, signal.SIGCHLD}))
        adopt_orphans()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_all()
        while signal.sigtimedwait(self._stops, 0):
            pass  # a second Ctrl-C while stopping asks for what is done already
        signal.pthread_sigmask(signal.SIG_SETMASK, self._old_mask)

    def start(self, spec: ChildSpec) -> None:
        """Start a child and keep it running."""
        self._kept.append(_Kept(spec, Child(spec)))

    def errand(self, spec: ChildSpec, seconds: float) -> int:
        """Run a child that is meant to end, looking after the others meanwhile; gives back how it ended."""
        child = Child(spec)
        self._errands.append(child)
        try:
            self.wait_until(lambda: child.poll() is not None, seconds, spec.name)
        finally:
            child.kill()
            child.wait(1)
            self._errands.remove(child)
        return child.status or 0

    def wait_until(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        """Look after the children until something is ready."""
        deadline = time.monotonic() + seconds
        while not ready():
            self._turn(0.05)
            if self._stop_asked:
                raise StopRequestedError("Stopped before everything was ready.")
            self._give_up_on_the_hopeless()
            if time.monotonic() > deadline:
                raise CannotStartError(f"{what} is not ready after {seconds:.0f} seconds.")

    def run(self) -> None:
        """Look after the children until SIGTERM, SIGINT or SIGHUP."""
        while not self._stop_asked:
            dues = [kept.due for kept in self._kept if kept.due is not None]
            self._turn(max(0.0, min(dues) - time.monotonic()) if dues else 3600)

    def _turn(self, seconds: float) -> None:
        got = signal.sigtimedwait({*self._stops, signal.SIGCHLD}, seconds)
        if got is not None and got.si_signo in self._stops:
            self._stop_asked = True
            return
        for kept in self._kept:
            if kept.due is None and kept.child.poll() is not None:
                self._bury(kept)
            elif kept.due is not None and kept.due <= time.monotonic():
                self._start_again(kept)
        if got is not None:
            self._end_orphans()

    def _bury(self, kept: _Kept) -> None:
        kept.child.kill()
        now = time.monotonic()
        if now - kept.child.started >= _SETTLED:
            kept.pause = _FIRST_PAUSE
        kept.deaths += 1
        kept.due = now + kept.pause
        kept.pause = min(kept.pause * 2, _LONGEST_PAUSE)

    def _start_again(self, kept: _Kept) -> None:
        try:
            self._end_generation(kept.child)
            fresh = Child(kept.spec)
        except (SupervisorError, OSError) as error:
            self._say(f"{kept.spec.name} cannot be started again yet: {error}")
            kept.due = time.monotonic() + _LONGEST_PAUSE
            return
        self._say(f"{kept.spec.name} died ({describe(kept.child.status or 0)}), started again")
        kept.child, kept.due = fresh, None

    def _end_generation(self, child: Child) -> None:
        """Return only when nothing that the dead child started is left."""
        deadline = time.monotonic() + _GONE_SECONDS
        while _kill_group(child.pid) | self._end_orphans():
            if time.monotonic() > deadline:
                raise SupervisorError(f"processes of the last {child.spec.name} cannot be ended.")
            time.sleep(0.01)

    def _end_orphans(self) -> bool:
        """Kill and reap whoever we adopted; true while there are some."""
        ours = {child.pid for child in (*self._errands, *(kept.child for kept in self._kept))}
        orphans = proc.children_of(os.getpid()) - ours
        for pid in orphans:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
        return bool(orphans)

    def _give_up_on_the_hopeless(self) -> None:
        for kept in self._kept:
            if kept.deaths >= _HOPELESS and kept.due is not None:
                raise CannotStartError(
                    f"{kept.spec.name} does not stay up ({describe(kept.child.status or 0)})"
                    + (f"; {kept.spec.log} tells why." if kept.spec.log else ".")
                )

    def _stop_all(self) -> None:
        if self._together:
            for kept in self._kept:
                kept.child.ask()
        for kept in reversed(self._kept):
            if not self._together:
                kept.child.ask()
            kept.child.finish()
        self._end_orphans()


def _kill_group(group: int) -> bool:
    """Whether it still had a member; one that has ended and waits to be reaped counts."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
