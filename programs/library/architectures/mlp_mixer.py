"""MLP-Mixer (Tolstikhin et al. 2021): MLPs over positions and over features in turn."""


def mlp(x):
    return linear(gelu(linear(x, times=2)), times=0.5)


def block(x):
    x = x + transpose(mlp(transpose(layer_norm(x))))
    return x + mlp(layer_norm(x))


def network(x):
    return layer_norm(repeat(block, 2, x))
