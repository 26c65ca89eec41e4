"""Rprop (Riedmiller & Braun 1993): a step size per element, grown and cut by the gradient's sign.

A direct adaptive method for faster backpropagation learning. ICNN 1993. As torch.optim.Rprop:
step sizes start at lr, stay within 1e-6 … 50, and a change of sign skips a step. `before` is the
last gradient, `size` the step size.
"""


def update(w, g, before, size, lr, step):
    agree = g * before
    grown = where(step <= 1, lr, size) * where(agree > 0, 1.2, where(agree < 0, 0.5, 1))
    size = minimum(maximum(grown, 1e-6), 50)
    g = where(agree < 0, 0, g)
    return size * sign(g), g, size
