"""U-Net (Ronneberger et al. 2015): down, up again, and the fine details joined in."""


def pair(x):
    return relu(conv(relu(conv(x))))


def network(x):
    fine = pair(x)
    coarse = relu(conv(max_pool(fine), times=2))
    x = concat(fine, conv(upsample(coarse), times=0.5))
    return pair(linear(x, times=0.5))
