"""Universal transformer (Dehghani et al. 2019): one block applied again and again."""


def block(x):
    x = x + attention(layer_norm(x))
    return x + linear(relu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    return layer_norm(recur(block, 4, sinusoidal_positions(x)))
