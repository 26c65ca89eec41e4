"""The kinds of program, one file each with a constant `KIND`."""
