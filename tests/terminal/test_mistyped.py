"""What a mistyped command is answered with."""

import argparse

import pytest

from gan import evaluate, promote, publish
from gan.terminal.mistyped import answer_in_words


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


def test_what_was_typed_never_steers_the_terminal(capsys):
    parser = argparse.ArgumentParser(prog="x")
    answer_in_words(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--\x1b[2J"])
    assert capsys.readouterr().err == "x: there is no --\\x1b[2J (--help tells what there is)\n"
