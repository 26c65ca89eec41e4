"""Temporal convolutional network (Bai et al. 2018): residual convolutions of growing dilation."""


def network(x):
    x = relu(x + relu(conv(relu(conv(x)))))
    x = relu(x + relu(conv(relu(conv(x, dilation=2)), dilation=2)))
    return relu(x + relu(conv(relu(conv(x, dilation=4)), dilation=4)))
