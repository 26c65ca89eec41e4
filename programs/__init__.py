"""What a program is: the language, its identity, its export. Imports nothing of the other rooms."""
