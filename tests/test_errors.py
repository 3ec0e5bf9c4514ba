from gan.errors import UserError, printable


def test_a_sentence_never_steers_the_terminal_and_keeps_its_own_lines():
    error = UserError("mine\x1b]0;owned\x07: damaged\n  a \u202efdp.exe: no picture")
    assert str(error) == r"mine\x1b]0;owned\x07: damaged" + "\n" + r"  a \u202efdp.exe: no picture"


def test_a_strangers_text_is_one_short_line():
    assert printable("a\nb") == r"a\nb"
    assert printable("é" * 10_000) == "é" * 200 + "..."
    assert printable("\udcff") == r"\udcff"
    assert printable(7) == "7"
