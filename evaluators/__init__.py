"""How good a program is: tasks, training loops, scores and verdicts."""
