"""What long work looks like in a terminal: a bar per stage, one bar for the whole, and Ctrl-C heard wherever it hits.

Where no terminal is (a log, a pipe) a finished stage is a plain line and nothing moves.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from rushton.pipeline import Event, Watch

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_MARKS = {
    "running": "[cyan]>[/]",
    "done": "[green]+[/]",
    "kept": "[green]=[/]",
    "skipped": "[yellow]-[/]",
    "failed": "[red]x[/]",
}


def _words(event: Event) -> str:
    """What stands behind the bar of a stage."""
    if event.state == "kept":
        return f"kept from an earlier run ({event.seconds or 0.0:.1f} s then)"
    if event.state == "done":
        return f"{event.seconds or 0.0:.1f} s"
    return f"not run: {event.text}" if event.state == "skipped" else event.text


@contextmanager
def watching() -> Iterator[Watch]:
    """A line per stage with its bar and seconds, for as long as the block runs; plain lines where no terminal is."""
    if not err.is_terminal:

        def tell(event: Event) -> None:
            if event.state != "running":
                err.print(f"{_MARKS[event.state]} {event.stage:<10} [dim]{escape(_words(event))}[/]", soft_wrap=True)

        yield tell
        return

    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.fields[mark]}"),
        TextColumn("{task.description:<10}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[text]}"),
        console=err,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def show(event: Event) -> None:
            if event.stage not in tasks:
                tasks[event.stage] = bars.add_task(event.stage, total=1.0, mark="", text="")
            bars.update(
                tasks[event.stage], completed=event.fraction, mark=_MARKS[event.state], text=escape(_words(event))
            )
            if event.state != "running":
                bars.stop_task(tasks[event.stage])

        yield show


@contextmanager
def listening() -> Iterator[Callable[[Watch], Watch]]:
    """Ctrl-C ends the block wherever it hits.

    A KeyboardInterrupt raised while a kernel is being compiled is lost inside the compiler, which then goes on or fails
    with an error of its own: the signal is remembered, and looked for at the next word of the run and at its end.
    """
    heard = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        raise KeyboardInterrupt

    def listen(watch: Watch) -> Watch:
        def listening(event: Event) -> None:
            if heard:
                raise KeyboardInterrupt
            watch(event)

        return listening

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield listen
    except Exception:  # whatever a stage that was interrupted half-way makes of it; anything else goes on unchanged
        if heard:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def one_bar() -> Iterator[Callable[[float, str], None]]:
    """One bar for the whole of something; nothing where no terminal is."""
    if not err.is_terminal:
        yield lambda fraction, text: None
        return

    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = BarColumn(bar_width=30), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("[dim]{task.description}")
    with Progress(*columns, console=err) as bars:
        task = bars.add_task("", total=1.0)
        yield lambda fraction, text: bars.update(task, completed=fraction, description=escape(text))
