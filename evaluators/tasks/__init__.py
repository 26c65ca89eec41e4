"""The built-in tasks, one file each with a constant `TASK`."""
