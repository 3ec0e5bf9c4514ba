"""Turn a run into checkpoints/NAME, the folder that the demo shows and the Hub gets.

python -m gan.promote runs/pokemon mine                # again whenever the run has got further
python -m gan.promote runs/pokemon mine --best         # the snapshot with the lowest KID, as gan.evaluate measured it
python -m gan.promote netG.pth mine --replace          # weights in the layout of the DCGAN tutorial of PyTorch
python -m gan.promote netG.pth mine --discriminator netD.pth       # both, so that train.py --init-from can go on
"""

from gan.terminal.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import sys
from pathlib import Path

from gan.errors import UserError, quoted
from gan.publishing import CHECKPOINTS
from gan.publishing.credits import CREDITS, add_flags, given, near_copies
from gan.scratch import exit_tidily_on_signals, temporary_folder
from gan.tasks import TASKS
from gan.terminal.command import Command
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed


def _next_step(folder: Path) -> str:
    from gan.checkpoints import read_described, task_of

    described = read_described(folder)
    show = TASKS[task_of(described)].show.replace("FOLDER", quoted(folder))
    return ". ".join(filter(None, [show, near_copies(described)]))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = Command(prog="gan.promote", description=__doc__)
    parser.add_argument("source", metavar="RUN", help="folder that train.py made, or a .pth of the tutorial's layout")
    parser.add_argument("name", metavar="NAME", help="what the demo calls it")
    parser.add_argument(
        "--into", default=CHECKPOINTS, metavar="FOLDER", help="default: the checkpoints/ that app.py shows"
    )
    parser.add_argument(
        "--discriminator", default="", metavar="FILE", help="of a .pth from elsewhere: its netD.pth, to train both on"
    )
    parser.add_argument("--best", action="store_true", help="of the measured snapshots, the one with the lowest KID")
    parser.add_argument(
        "--replace", action="store_true", help="delete the model of this name, where it is no earlier state of the run"
    )
    add_flags(parser)
    options = parser.parse_args(arguments)
    try:
        check_installed()
        temporary_folder()  # before torch asks for one
        from gan.publishing.promotion import promote

        flags = {name: value for name, value in vars(options).items() if name not in CREDITS}
        folder = promote(**flags, credits=given(vars(options)))
        print(f"{folder}: {_next_step(folder)}")
    except UserError as error:
        print(f"gan.promote: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())
