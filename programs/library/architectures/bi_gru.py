"""Bidirectional GRU (Schuster & Paliwal 1997): one reads forwards, one backwards."""


def network(x):
    return concat(gru(x), reverse(gru(reverse(x))))
