"""Progress on stderr: a spinner per status, a bar per digest. Knows status lines; knows no work.

`Report` says what to draw and is pure; `Progress` draws it, or prints plain lines where stderr is
no terminal.
"""

import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Self

from paddock.api import ProgressResponse
from paddock.cli.figures import human_size
from paddock.cli.tables import width
from paddock.stream import Stream

if TYPE_CHECKING:
    from rich.live import Live

FRAMES: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAME: Final = 0.1
_SAMPLES: Final = 10
_STEP: Final = 10
_CELL: Final = 6
_RATE: Final = 10
_LEFT: Final = 8


class Spinner:
    """A status that lasts until the next one comes."""

    def __init__(self, message: str) -> None:
        self.message = message
        self.is_running = True

    def line(self, _: int, now: float) -> str:
        head = f"{self.message} ".lstrip()  # without a message it begins at the edge
        return f"{head}{FRAMES[int(now / _FRAME) % len(FRAMES)]} " if self.is_running else head


class Bar:
    """How much of something has come, how fast, and how long it will take."""

    def __init__(self, message: str, total: int, completed: int, now: float) -> None:
        self.message = message
        self.total = total
        self.completed = completed
        self._rates: deque[float] = deque(maxlen=_SAMPLES)
        self._sampled = now, completed

    @property
    def percent(self) -> int:
        return min(100 * self.completed // self.total, 100) if self.total > 0 else 100

    @property
    def is_finished(self) -> bool:
        return self.completed >= self.total

    @property
    def rate(self) -> float:
        """Bytes per second, over the last seconds; 0 while unknown."""
        rates = list(self._rates)
        return sum(rates) / len(rates) if rates else 0.0

    def move(self, completed: int, total: int, now: float) -> None:
        self.completed, self.total = completed, max(total, self.total)
        then, before = self._sampled
        if now - then >= 1.0:
            self._rates.append((completed - before) / (now - then))
            self._sampled = now, completed

    def line(self, columns: int, _: float) -> str:
        head = f"{self.message} {self.percent:3}% ▕"
        tail = f"▏ {self._sizes()}{self._speed()}"
        room = max(columns - width(head) - width(tail), 0)
        filled = room * self.percent // 100
        return f"{head}{'█' * filled}{' ' * (room - filled)}{tail}"

    def _sizes(self) -> str:
        total = human_size(self.total)
        if self.is_finished:
            return f"{total:>{_CELL}}{' ' * (_CELL + 1)}"
        return f"{human_size(self.completed):>{_CELL}}/{total:<{_CELL}}"

    def _speed(self) -> str:
        rate = self.rate
        if self.is_finished or rate <= 0:
            return " " * (_RATE + _LEFT)
        left = time_left((self.total - self.completed) / rate)
        return f"  {human_size(int(rate)):>{_CELL}}/s  {left:>{_CELL}}"


def time_left(seconds: float) -> str:
    """Two units are enough: `12s`, `59m59s`, `1h2m`, `99h+`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours >= 100:
        return "99h+"
    if hours:
        return f"{hours}h{minutes_of_hour}m"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def bar_label(status: str) -> str:
    """What stands before a bar (reference: only what is pulled gets a colon)."""
    return f"{status}:" if status.startswith("pulling ") else status


class Report:
    """What has been told so far, as lines. One bar per digest; a new status stops the last one."""

    def __init__(self) -> None:
        self._states: list[Spinner | Bar] = []
        self._bars: dict[str, Bar] = {}

    def feed(self, event: ProgressResponse, now: float) -> None:
        if event.digest and event.total is not None:
            self._move(event.digest, event.status or "", event.completed or 0, event.total, now)
        else:
            self.say(event.status or "")

    def say(self, status: str) -> None:
        last = self._states[-1] if self._states else None
        if isinstance(last, Spinner):
            if last.message == status:
                return
            last.is_running = False
        if status:
            self._states.append(Spinner(status))

    def finish(self) -> None:
        self.say("")

    def lines(self, columns: int, now: float) -> list[str]:
        return [state.line(columns, now) for state in list(self._states)]

    def _move(self, digest: str, status: str, completed: int, total: int, now: float) -> None:
        bar = self._bars.get(digest)
        if bar is not None:
            bar.move(completed, total, now)
        elif completed > 0 or total == 0:  # so bars appear one after the other
            self.finish()
            bar = self._bars[digest] = Bar(bar_label(status), total, completed, now)
            self._states.append(bar)


class PlainReport:
    """The same for a file or a pipe: a line per status, and one per ten percent."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._status = ""
        self._steps: dict[str, int] = {}

    def feed(self, event: ProgressResponse) -> None:
        status = event.status or ""
        if event.digest and event.total is not None:
            self._move(event.digest, bar_label(status), event.completed or 0, event.total)
        elif status and status != self._status:
            self._status = status
            self._write(status)

    def _move(self, digest: str, label: str, completed: int, total: int) -> None:
        step = min(completed * 100 // total, 100) // _STEP if total > 0 else _STEP
        if (completed or not total) and step > self._steps.get(digest, -1):
            self._steps[digest] = step
            self._write(f"{label} {step * _STEP}% of {human_size(total)}")


class Progress:
    """Draws a Report on stderr while its `with` block lasts; `clears` leaves nothing behind."""

    def __init__(self, *, clears: bool = False) -> None:
        self._clears = clears
        self._report = Report()
        self._plain = PlainReport(lambda line: print(line, file=sys.stderr, flush=True))
        self._live: AbstractContextManager[Any] | None = None

    def __enter__(self) -> Self:
        self._live = self._drawing() if sys.stderr.isatty() else nullcontext()
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def feed(self, event: ProgressResponse) -> None:
        if sys.stderr.isatty():
            self._report.feed(event, time.monotonic())
        elif not self._clears:
            self._plain.feed(event)

    def say(self, status: str) -> None:
        self.feed(ProgressResponse(status=status))

    def stop(self) -> None:
        """The last drawing. Idempotent."""
        live, self._live = self._live, None
        self._report.finish()
        if live is not None:
            live.__exit__(None, None, None)

    def _drawing(self) -> "Live":
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(stderr=True)

        def draw() -> Text:
            lines = self._report.lines(console.width, time.monotonic())
            return Text("\n".join(lines[-console.height :]), no_wrap=True, overflow="crop")

        return Live(
            get_renderable=draw,
            console=console,
            refresh_per_second=1 / _FRAME,
            transient=self._clears,
            redirect_stdout=False,
            redirect_stderr=False,
        )


def waiting(message: str = "") -> Progress:
    """A spinner, on a terminal only, that is gone when its `with` block ends."""
    progress = Progress(clears=True)
    progress.say(message or " ")
    return progress


def follow(events: Stream[ProgressResponse]) -> None:
    """Shows a stream of status lines to its end; an interrupt stops the work."""
    with Progress() as progress, events:
        for event in events:
            progress.feed(event)
