"""One file per rival, with the constant `PEER`."""
