"""VGG (Simonyan & Zisserman 2015): pairs of 3×3 convolutions between poolings, with batch norm."""


def pair(x):
    x = relu(batch_norm(conv(x, times=2)))
    return max_pool(relu(batch_norm(conv(x))))


def network(x):
    return mean_pool(repeat(pair, 2, x))
