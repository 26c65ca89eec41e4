"""What a label says beside a class; here, since trainers in the cage see nothing of the data."""

UNASKED = -1
"""The label of a position at which nothing is asked."""
