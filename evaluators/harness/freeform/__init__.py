"""Free-form Python inside a sandbox child: the only place where a candidate's text is executed.

text       the text as functions of a known form
batch      an optimiser on many replicas of a model at once
board      what a trainer and such an optimiser share, and where it stands in memory
guest      the untrusted side: serves updates to a trainer, and holds nothing else
behaviour  what a program does on the fixed probes
"""
