"""The loss chart of both reports, "Generator and Discriminator Loss During Training", of a run or a checkpoint.

python -m gan.chart runs/anime                                 # RUN/losses.png, as training draws it
python -m gan.chart runs/anime --stage 2 --out stage-2.png     # one stage of several alone
"""

if __name__ == "__main__":  # before torch comes, so that --help is answered at once
    from gan.terminal.interrupts import end_quietly

    end_quietly()

    import sys
    from pathlib import Path

    from gan.terminal.command import Command
    from gan.terminal.console import make_unfailing

    make_unfailing()
    parser = Command(prog="gan.chart", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run, or a checkpoint")
    parser.add_argument("--stage", type=int, metavar="N", help="one stage alone, from 1 on")
    parser.add_argument(
        "--out", type=Path, metavar="FILE.png", help="default: losses.png in the folder; of a stage losses-stage-N.png"
    )
    options = parser.parse_args()

import io
import math
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from gan.errors import UserError
from gan.files import write_atomically
from gan.folder import CHART_FILE, read_history, read_iterations

CURVES = ("epoch", "loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")  # of a line of history, drawn
DOTTED = 40  # lines; fewer points are marked
Line = dict[str, Any]


class Span(NamedTuple):
    """A stage: after which line of history it begins, and with what."""

    epoch: int
    iteration: int
    words: str


def write_chart(folder: str | Path, out: str | Path | None = None, stage: int | None = None) -> Path | None:
    """Draw the losses by iteration, as both reports do, and D's outputs by epoch; return the file, None without any.

    A run that began before iterations were kept has its losses by epoch. With `stage`, from 1 on, it is that stage
    alone; one that is not there raises UserError. The file is losses.png of the folder, or `out`.
    """
    history = [line for line in read_history(folder) if all(_can_be_drawn(line.get(name)) for name in CURVES)]
    iterations = [line for line in read_iterations(folder) if all(map(_can_be_drawn, line.values()))]
    by_iteration = bool(iterations) and iterations[0]["iteration"] == 0
    if not history and not by_iteration:
        return None
    stages = stages_of(history)
    if stage is not None:
        if not 1 <= stage <= len(stages):
            raise UserError(f"--stage {stage}: {folder} has {len(stages)} stage{'s' * (len(stages) != 1)}")
        history, iterations = _within(history, iterations, stages[stage - 1 : stage + 1])
        stages = stages[stage - 1 : stage]
    target = Path(out or Path(folder, CHART_FILE))
    write_atomically(target, _drawn(history, iterations if by_iteration else history, by_iteration, stages))
    return target


def stages_of(history: Sequence[Line]) -> list[Span]:
    """Return the stages that a history tells of, the first one included."""
    nothing = {"epoch": 0, "iteration": 0}
    begins = [(nothing, line) for line in history[:1]]
    begins += [pair for pair in pairwise(history) if str(pair[1].get("event") or "").startswith("stage")]
    return [Span(before["epoch"], before.get("iteration", before["epoch"]), _words(line)) for before, line in begins]


def _words(line: Line) -> str:
    return ", ".join(f"{name} {line[name]:g}" for name in ("lr", "beta1") if _can_be_drawn(line.get(name)))


def _within(
    history: Sequence[Line], iterations: Sequence[Line], spans: Sequence[Span]
) -> tuple[list[Line], list[Line]]:
    """Return the lines from the first span to the next one, if there is one."""
    last_epoch, last_iteration = spans[1][:2] if len(spans) > 1 else (math.inf, math.inf)
    epochs = [line for line in history if spans[0].epoch < line["epoch"] <= last_epoch]
    return epochs, [line for line in iterations if spans[0].iteration <= line["iteration"] < last_iteration]


def _drawn(history: Sequence[Line], lines: Sequence[Line], by_iteration: bool, stages: Sequence[Span]) -> bytes:
    """Return the chart as PNG."""
    from matplotlib.figure import Figure  # takes a second to import
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 7), layout="constrained")
    losses, outputs = figure.subplots(2)
    x = "iteration" if by_iteration else "epoch"
    _draw(losses, lines, x, {"loss_g": "G", "loss_d": "D"})
    _draw(outputs, history, "epoch", {"d_real": "D(x)", "d_fake_before": "D(G(z)) before", "d_fake_after": "after"})
    losses.legend(loc="upper right")  # the "best" place takes a second to find
    outputs.legend(loc="center right")
    losses.set(title="Generator and Discriminator Loss During Training", xlabel=f"{x}s", ylabel="loss")
    outputs.set(xlabel="epochs", ylim=(-0.03, 1.03))
    for axes, at in ((losses, x), (outputs, "epoch")):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for span in stages[1:]:
            axes.axvline(getattr(span, at), color="0.5", linestyle=":")
    for span in stages if len(stages) > 1 else ():
        offset = {"xytext": (4, -4), "textcoords": "offset points", "xycoords": ("data", "axes fraction")}
        losses.annotate(span.words, (getattr(span, x), 1), va="top", fontsize=8, color="0.3", rotation=90, **offset)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _can_be_drawn(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e15


def _draw(axes: Any, lines: Sequence[Line], x: str, curves: dict[str, str]) -> None:
    for key, label in curves.items():
        marker = "." if len(lines) < DOTTED else None
        axes.plot([line[x] for line in lines], [line[key] for line in lines], label=label, marker=marker, linewidth=1)
    axes.grid(alpha=0.3)


def show(folder: Path, out: Path | None, stage: int | None) -> int:
    """Draw the chart and say where; return the exit status."""
    try:
        drawn = write_chart(folder, out or (folder / f"losses-stage-{stage}.png" if stage else None), stage)
        if drawn is None:
            raise UserError(f"{folder}: no losses are kept here; a run has them from its first epoch on")
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"wrote {drawn}")
    return 0


if __name__ == "__main__":
    sys.exit(show(options.folder, options.out, options.stage))
