"""Sentences for people: what they hold, and that every command has one where a folder cannot be read."""

from conftest import locked
from served import plant

from gan import evaluate, promote, publish
from gan.errors import UserError, in_words, printable, quoted


def test_a_sentence_never_steers_the_terminal_and_keeps_its_own_lines():
    error = UserError("mine\x1b]0;owned\x07: damaged\n  a \u202efdp.exe: no picture")
    assert str(error) == r"mine\x1b]0;owned\x07: damaged" + "\n" + r"  a \u202efdp.exe: no picture"


def test_words_of_every_script_stay_as_they_are():
    assert printable("苔の\u3000生き物 «\xa0Mousses\xa0»") == "苔の 生き物 « Mousses »"
    for text in ("نمی\u200cدانم", "👩\u200d🎨 Ann"):
        assert printable(text) == text


def test_a_strangers_text_is_one_short_line():
    assert printable("a\nb") == r"a\nb"
    assert printable("é" * 10_000) == "é" * 200 + "..."
    assert printable("\udcff") == r"\udcff"
    assert printable(7) == "7"


def test_an_error_of_the_system_is_told_without_its_number():
    assert in_words(PermissionError(13, "Permission denied", "/x")) == "/x: Permission denied"
    assert in_words(OSError(28, "No space left on device")) == "No space left on device"
    assert in_words(ValueError("odd")) == "odd"


def test_a_folder_that_cannot_be_looked_into_is_one_sentence_in_every_command(tmp_path, capsys):
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    shown, into = str(folder), ["--into", str(tmp_path / "into")]
    for main, arguments in (
        (publish.main, ["model", shown, "me/alpha"]),
        (publish.main, ["space", "me/alpha", "--checkpoint", shown, "--out", str(tmp_path / "space")]),
        (promote.main, [shown, "mine", *into]),
        (evaluate.main, [shown, "--data", shown]),
        (evaluate.main, [shown, "--data", shown, "--snapshots"]),
    ):
        with locked(folder):
            assert main(arguments) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and f"{folder}" in said and "cannot be read (Permission denied)" in said


def test_a_path_in_a_command_is_quoted_as_its_shell_wants_it(monkeypatch):
    assert quoted("/home/me/my runs") == "'/home/me/my runs'" and quoted("runs/pokemon") == "runs/pokemon"
    monkeypatch.setattr("gan.errors.os.name", "nt")
    assert quoted(r"C:\Users\me\runs") == r"C:\Users\me\runs" and quoted(r"C:\my runs") == '"C:\\my runs"'
