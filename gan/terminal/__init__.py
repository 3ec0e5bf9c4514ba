"""What a command says and is told: its output, its flags, missing packages, Ctrl-C and other signals."""
