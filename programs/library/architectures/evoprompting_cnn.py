"""The 1-D CNN that seeds EvoPrompting (Chen et al. 2023; Greydanus 2020): strided convolutions."""


def network(x):
    x = relu(conv(x, 25, kernel=5, stride=2))
    x = relu(conv(x, 25, kernel=3, stride=2))
    x = relu(conv(x, 25, kernel=3, stride=2))
    return flatten(x)
