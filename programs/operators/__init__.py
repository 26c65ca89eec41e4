"""The search operators, one file each with a constant `OPERATOR`."""
