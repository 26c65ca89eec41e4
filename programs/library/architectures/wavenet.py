"""WaveNet (van den Oord et al. 2016): dilated convolutions with tanh gated by a sigmoid."""


def network(x):
    h1 = tanh(conv(x, kernel=2)) * sigmoid(conv(x, kernel=2))
    x = x + linear(h1)
    h2 = tanh(conv(x, kernel=2, dilation=2)) * sigmoid(conv(x, kernel=2, dilation=2))
    x = x + linear(h2)
    h3 = tanh(conv(x, kernel=2, dilation=4)) * sigmoid(conv(x, kernel=2, dilation=4))
    return relu(linear(h1) + linear(h2) + linear(h3))
