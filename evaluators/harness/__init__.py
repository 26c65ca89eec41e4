"""Training loops, one per kind, that run inside the sandbox and never see a held-out label."""
