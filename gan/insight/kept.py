"""What a checkpoint folder keeps for looking deeper: descriptors of training pictures, and the critic's opinions."""

from pathlib import Path

from gan.checkpoints import DISCRIMINATOR_FILE, load_critic, weights_digest
from gan.errors import UserError, quoted
from gan.files import is_there, read_json
from gan.folder import NEIGHBOURS_FILE, OPINION_FILE
from gan.insight.neighbours import Neighbours
from gan.insight.opinion import Opinions
from gan.models import Discriminator


def critic_in(folder: Path) -> Discriminator:
    """Return the folder's discriminator to judge with; raise UserError where it came without one."""
    critic = load_critic(folder)
    if critic is None:
        raise UserError(f"{folder}: came without a {DISCRIMINATOR_FILE}, and nobody else can judge its pictures")
    return critic


def neighbours_in(folder: Path) -> Neighbours:
    """Return the descriptors that the folder holds; raise UserError where it has none, or another critic's."""
    _check_there(folder, NEIGHBOURS_FILE, "--neighbours")
    neighbours = Neighbours.load(folder / NEIGHBOURS_FILE)
    _check_judge(folder, NEIGHBOURS_FILE, "--neighbours", bytes(neighbours.judged_by.tolist()).hex())
    return neighbours


def opinions_in(folder: Path) -> Opinions:
    """Return the opinions that the folder holds; raise UserError where it has none, or another critic's."""
    _check_there(folder, OPINION_FILE, "--opinion")
    opinions = Opinions.read(read_json(folder / OPINION_FILE), folder / OPINION_FILE)
    _check_judge(folder, OPINION_FILE, "--opinion", opinions.judged_by)
    return opinions


def _check_there(folder: Path, name: str, flag: str) -> None:
    if not is_there(folder / name):
        raise UserError(f"{folder}: came without {name}; {_made_by(folder, flag)} makes it")


def _check_judge(folder: Path, name: str, flag: str, judged_by: str) -> None:
    if not is_there(folder / DISCRIMINATOR_FILE) or weights_digest(folder / DISCRIMINATOR_FILE) != judged_by:
        made = "was made with another discriminator than the folder's"
        raise UserError(f"{folder / name}: {made}; {_made_by(folder, flag)} makes it anew")


def _made_by(folder: Path, flag: str) -> str:
    return f"where its training pictures are, python -m gan.evaluate {quoted(folder)} {flag} --data ZIP"
