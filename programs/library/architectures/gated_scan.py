"""Griffin's recurrence, simplified (De et al. 2024): decays from the input, scanned."""


def block(x):
    h = rms_norm(x)
    decay = sigmoid(linear(h) + 2)
    y = scan(decay, (1 - decay) * linear(h))
    return x + linear(y * gelu(linear(h)))


def network(x):
    return rms_norm(repeat(block, 2, x))
