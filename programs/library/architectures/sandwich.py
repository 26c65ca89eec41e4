"""Sandwich transformer (Press et al. 2020): attention first, feed-forward last."""


def attend(x):
    return x + attention(layer_norm(x))


def think(x):
    return x + linear(relu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    x = attend(learned_positions(x))
    x = think(attend(x))
    return layer_norm(think(x))
