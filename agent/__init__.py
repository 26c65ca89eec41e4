"""What to try next: proposers that turn a view of what is known into new programs."""
