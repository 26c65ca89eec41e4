"""LSTM (Hochreiter & Schmidhuber 1997), two layers."""


def network(x):
    return lstm(lstm(x))
