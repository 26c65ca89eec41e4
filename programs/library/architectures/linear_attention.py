"""Linear transformer (Katharopoulos et al. 2020): attention by a feature map, no softmax."""


def block(x):
    x = x + linear_attention(layer_norm(x))
    return x + linear(gelu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    return layer_norm(repeat(block, 2, sinusoidal_positions(x)))
