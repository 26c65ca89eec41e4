"""Lift a graph of operations into the language, where that is shown to be the same network.

    proposals   what layers of the language, with which weights, a value might be
    search      which of them gives the graph's values, from the input up to the result
    rolling     one copy of some layers applied again and again: `recur`
    starts      whether each weight begins as the layer's own would
    lift        all of it: a graph to a program's text, compared whole on other inputs

Nothing here knows how a layer is spelled in operations. Weights are filled with random numbers, and
a value of the graph is a layer of the language if the layer gives the same numbers; so any spelling
of attention will do. Everything runs in a process of ours.
"""
