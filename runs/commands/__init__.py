"""The subcommands of `cambrian`, one file each with a `command`; heavy imports stay inside."""
