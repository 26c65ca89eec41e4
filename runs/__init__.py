"""Doing it, keeping it, showing it: runs, the database they are kept in, and the command line."""
