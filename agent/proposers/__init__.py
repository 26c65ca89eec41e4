"""The built-in proposers, one file each with a constant `PROPOSER`."""
