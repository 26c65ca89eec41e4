"""Step decay: a tenth after each third of training (He et al. 2016, ResNet)."""


def schedule(step, total):
    return 0.1 ** floor(3 * step / total)
