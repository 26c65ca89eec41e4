"""AMSGrad (Reddi et al. 2018): Adam whose denominator never shrinks.

On the Convergence of Adam and Beyond. arXiv 1904.09237, algorithm 2. As
torch.optim.Adam(amsgrad=True), with Adam's bias correction.
"""


def update(w, g, m, v, top, lr, step):
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    top = maximum(top, v)
    m_hat = m / (1 - 0.9**step)
    return lr * m_hat / (sqrt(top / (1 - 0.999**step)) + 1e-8), m, v, top
