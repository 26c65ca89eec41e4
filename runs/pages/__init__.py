"""Pages for a browser: one self-contained file each, that asks the network for nothing."""
