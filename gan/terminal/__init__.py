"""What a command says and is told: its output, mistyped flags, missing packages, Ctrl-C and other signals."""
