"""Squeeze-and-excitation (Hu et al. 2018): channels scaled by a gate from their means."""


def block(x):
    h = batch_norm(conv(relu(batch_norm(conv(x)))))
    gate = linear(relu(linear(mean_pool(h), times=0.25)), times=4)
    return relu(x + h * sigmoid(gate))


def network(x):
    return mean_pool(repeat(block, 2, x))
