"""GRU (Cho et al. 2014)."""


def network(x):
    return gru(x)
