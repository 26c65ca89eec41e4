"""MobileNetV2 (Sandler et al. 2018): expand, convolve each channel, project back."""


def block(x):
    h = relu(batch_norm(linear(x, times=4)))
    h = relu(batch_norm(depthwise_conv(h)))
    return x + batch_norm(linear(h, times=0.25))


def network(x):
    return mean_pool(repeat(block, 2, x))
