"""What a mistyped command is answered with."""

import re

import pytest
from conftest import ROOT

from gan import evaluate, promote, publish
from gan.terminal.command import Command


@pytest.mark.parametrize(
    ("main", "arguments", "words"),
    [
        (publish.main, ["space", "a/b", "--checkpoints", "x"], "there is no --checkpoints; did you mean --checkpoint?"),
        (publish.main, ["model", "x"], "gan.publish: the following arguments are required: USER/NAME"),
        (promote.main, ["x", "y", "--relpace"], "gan.promote: there is no --relpace; did you mean --replace?"),
        (evaluate.main, ["x", "--dta=y"], "gan.evaluate: "),
    ],
)
def test_every_command_answers_in_a_line(main, arguments, words, capsys):
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    said = capsys.readouterr().err
    assert leaving.value.code == 2 and words in said and said.count("\n") == 1 and "usage" not in said


def test_a_comment_behind_a_command_is_none_of_its_words(monkeypatch):
    parser = Command(prog="x")
    parser.add_argument("--checkpoint", nargs="+")
    monkeypatch.setattr("sys.argv", ["x", "--checkpoint", "a", "b#1", "#", "one", "of", "--these"])
    assert parser.parse_args().checkpoint == ["a", "b#1"]


PAGES = [ROOT / "README.md", ROOT / "gan" / "README.md", ROOT / "checkpoints" / "README.md"]
COMMANDS = [ROOT / "train.py", ROOT / "app.py", *sorted((ROOT / "gan").rglob("*.py"))]  # whose --help shows some


def test_comments_behind_commands_can_be_pasted_into_zsh_which_knows_none():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES + COMMANDS)
    commented = re.findall(r"^ *((?:python3?|pip|git|hf|torchrun|cd|\.) .*?) # (.*)", text, re.MULTILINE)
    assert len(commented) > 40
    for command, comment in commented:
        assert not set(comment) & set("'\"?*;&|()<>[]{}!$`\\"), comment
        ours = r"python (train\.py|app\.py|-m gan\.)|torchrun .* train\.py"  # which leave comments out themselves
        assert re.match(ours, command) and "&&" not in command


def test_what_was_typed_never_steers_the_terminal(capsys):
    parser = Command(prog="x")
    with pytest.raises(SystemExit):
        parser.parse_args(["--\x1b[2J"])
    assert capsys.readouterr().err == "x: there is no --\\x1b[2J (--help tells what there is)\n"
