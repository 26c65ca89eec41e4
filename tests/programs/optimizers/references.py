"""Slow, obvious optimisers, written from the papers with loops over steps and plain numpy.

They work on the tensor in its own shape and know nothing of the program language.
"""

from __future__ import annotations

import math

import numpy as np

Array = np.ndarray
Gradients = list[np.ndarray]


def _norm(x: Array) -> float:
    return math.sqrt(float(np.sum(x * x)))


def _rms(x: Array) -> float:
    return math.sqrt(float(np.mean(x * x)))


class Adam:
    """Bias-corrected moments, the part that many optimisers share."""

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999) -> None:
        self.betas = (beta1, beta2)
        self.m: Array | float = 0.0
        self.v: Array | float = 0.0
        self.t = 0

    def moments(self, g: Array) -> tuple[Array, Array]:
        b1, b2 = self.betas
        self.t += 1
        self.m = b1 * self.m + (1 - b1) * g
        self.v = b2 * self.v + (1 - b2) * g**2
        return (
            np.asarray(self.m / (1 - b1**self.t)),
            np.asarray(self.v / (1 - b2**self.t)),
        )

    def step(self, g: Array, eps: float = 1e-8) -> Array:
        m_hat, v_hat = self.moments(g)
        return m_hat / (np.sqrt(v_hat) + eps)


def lion(w: Array, gradients: Gradients, lr: float) -> Array:
    m = np.zeros_like(w)
    for g in gradients:
        w = w - lr * (np.sign(0.9 * m + 0.1 * g) + 0.1 * w)
        m = 0.99 * m + 0.01 * g
    return w


def sign_sgd(w: Array, gradients: Gradients, lr: float) -> Array:
    for g in gradients:
        w = w - lr * np.sign(g)
    return w


def signum(w: Array, gradients: Gradients, lr: float) -> Array:
    m = np.zeros_like(w)
    for g in gradients:
        m = 0.9 * m + 0.1 * g
        w = w - lr * np.sign(m)
    return w


def power_sign(w: Array, gradients: Gradients, lr: float) -> Array:
    m = np.zeros_like(w)
    for g in gradients:
        m = 0.9 * m + 0.1 * g
        w = w - lr * math.e ** (np.sign(g) * np.sign(m)) * g
    return w


def add_sign(w: Array, gradients: Gradients, lr: float) -> Array:
    m = np.zeros_like(w)
    for g in gradients:
        m = 0.9 * m + 0.1 * g
        w = w - lr * (1 + np.sign(g) * np.sign(m)) * g
    return w


def adabelief(w: Array, gradients: Gradients, lr: float) -> Array:
    m = s = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * (g - m) ** 2 + 1e-8
        w = w - lr * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    return w


def yogi(w: Array, gradients: Gradients, lr: float) -> Array:
    m, v = np.zeros_like(w), np.full_like(w, 1e-6)
    for g in gradients:
        m = 0.9 * m + 0.1 * g
        v = v - 0.001 * np.sign(v - g**2) * g**2
        w = w - lr * m / (np.sqrt(v) + 1e-3)
    return w


def lars(w: Array, gradients: Gradients, lr: float) -> Array:
    m = np.zeros_like(w)
    for g in gradients:
        m = 0.9 * m + 0.1 * (g + 1e-4 * w)
        ratio = _norm(w) / _norm(m) if _norm(w) > 0 and _norm(m) > 0 else 1.0
        w = w - lr * ratio * m
    return w


def lamb(w: Array, gradients: Gradients, lr: float) -> Array:
    adam = Adam()
    for g in gradients:
        u = adam.step(g, 1e-6) + 0.01 * w
        ratio = min(_norm(w), 10) / _norm(u) if _norm(w) > 0 and _norm(u) > 0 else 1.0
        w = w - lr * ratio * u
    return w


def cautious_adamw(w: Array, gradients: Gradients, lr: float) -> Array:
    adam = Adam()
    for g in gradients:
        u = adam.step(g, 1e-6)
        mask = (u * g > 0).astype(float)
        w = w - lr * (u * mask / max(float(mask.mean()), 1e-3) + 0.01 * w)
    return w


def cautious_lion(w: Array, gradients: Gradients, lr: float) -> Array:
    m = np.zeros_like(w)
    for g in gradients:
        u = np.sign(0.9 * m + 0.1 * g)
        mask = (u * g > 0).astype(float)
        w = w - lr * (u * mask * mask.size / (mask.sum() + 1) + 0.1 * w)
        m = 0.99 * m + 0.01 * g
    return w


def grams(w: Array, gradients: Gradients, lr: float) -> Array:
    adam = Adam()
    for g in gradients:
        w = w - lr * (np.sign(g) * np.abs(adam.step(g, 1e-6)) + 0.01 * w)
    return w


def fadam(w: Array, gradients: Gradients, lr: float) -> Array:
    f = m = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        beta = 0.999 * (1 - 0.999 ** (t - 1)) / (1 - 0.999**t)
        f = beta * f + (1 - beta) * g**2
        natural = g / (f**0.5 + 1e-8)
        natural = natural / max(1.0, _rms(natural))
        m = 0.9 * m + 0.1 * natural
        decay = w / (f**0.5 + 1e-8)
        w = w - lr * (m + 0.001 * decay / max(1.0, _rms(decay)))
    return w


def norm_loss(w: Array, gradients: Gradients, lr: float) -> Array:
    m = np.zeros_like(w)
    for g in gradients:
        m = 0.9 * m + g
        rows = w.reshape(len(w), -1) if w.ndim > 1 else w.reshape(1, -1)
        lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
        pulled = (rows * (1 - 1 / lengths)).reshape(w.shape)
        w = w - lr * (m + 2 * 1e-4 * pulled)
    return w


def lookahead(w: Array, gradients: Gradients, lr: float) -> Array:
    slow, m = w, np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m = 0.9 * m + g
        w = w - lr * m
        if t % 5 == 0:
            slow = slow + 0.5 * (w - slow)
            w = slow
    return w


def lookahead_adam(w: Array, gradients: Gradients, lr: float) -> Array:
    slow, adam = w, Adam()
    for t, g in enumerate(gradients, 1):
        w = w - lr * adam.step(g)
        if t % 5 == 0:
            slow = slow + 0.5 * (w - slow)
            w = slow
    return w


def schedule_free_sgd(w: Array, gradients: Gradients, lr: float) -> Array:
    x = z = y = w
    for t, g in enumerate(gradients, 1):
        z = z - lr * g
        x = (1 - 1 / t) * x + 1 / t * z
        y = 0.1 * z + 0.9 * x
    return y


def schedule_free_adamw(w: Array, gradients: Gradients, lr: float) -> Array:
    x = z = y = w
    v = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        v = 0.999 * v + 0.001 * g**2
        z = z - lr * (g / (np.sqrt(v / (1 - 0.999**t)) + 1e-8) + 0.01 * y)
        x = (1 - 1 / t) * x + 1 / t * z
        y = 0.1 * z + 0.9 * x
    return y


def adafactor(w: Array, gradients: Gradients, lr: float) -> Array:
    shape, rows = w.shape, len(w) if w.ndim else 1
    w = w.reshape(rows, -1)
    r, c = np.zeros((w.shape[0], 1)), np.zeros((1, w.shape[1]))
    for t, g in enumerate(gradients, 1):
        g2 = g.reshape(w.shape) ** 2 + 1e-30
        beta = 1 - t**-0.8
        r = beta * r + (1 - beta) * g2.mean(1, keepdims=True)
        c = beta * c + (1 - beta) * g2.mean(0, keepdims=True)
        u = g.reshape(w.shape) / np.sqrt(r @ c / r.mean())
        w = w - max(1e-3, _rms(w)) * min(lr, t**-0.5) * u / max(1.0, _rms(u))
    return w.reshape(shape)


def _orthogonalized(u: Array) -> Array:
    """Run Newton–Schulz on the singular values, where it is a polynomial."""
    left, singular, right = np.linalg.svd(u, full_matrices=False)
    singular = singular / (math.sqrt(float((singular**2).sum())) + 1e-7)
    for _ in range(5):
        singular = 3.4445 * singular - 4.7750 * singular**3 + 2.0315 * singular**5
    return left * singular @ right


def muon(w: Array, gradients: Gradients, lr: float) -> Array:
    shape, rows = w.shape, len(w) if w.ndim else 1
    w = w.reshape(rows, -1)
    buf = np.zeros_like(w)
    for g in gradients:
        g = g.reshape(w.shape)
        buf = 0.95 * buf + 0.05 * g
        scale = math.sqrt(max(1.0, w.shape[0] / w.shape[1]))
        w = w - lr * scale * _orthogonalized(0.05 * g + 0.95 * buf)
    return w.reshape(shape)


def muon_with_adamw(w: Array, gradients: Gradients, lr: float) -> Array:
    if w.ndim > 1:
        return muon(w, gradients, lr)
    adam = Adam(0.9, 0.95)
    for g in gradients:
        w = w - 0.015 * lr * adam.step(g, 1e-10)
    return w


def _scrambled(x: int) -> int:
    x %= 2**32
    for _ in range(2):
        x = (x // 2**16 ^ x) * 0x45D9F3B % 2**32
    return x // 2**16 ^ x


def _normal(key: int, place: int) -> float:
    first = _scrambled(_scrambled(place + 1) + _scrambled(key + 0x9E3779B9))
    second = _scrambled(first + 0x7F4A7C15)
    radius = math.sqrt(-2 * math.log((first + 0.5) / 2**32))
    return radius * math.cos(2 * math.pi * (second + 0.5) / 2**32)


def noisy_sgd(w: Array, gradients: Gradients, lr: float) -> Array:
    for t, g in enumerate(gradients):
        numbers = [_normal(t + 1, place) for place in range(w.size)]
        noise = np.array(numbers).reshape(w.shape) * math.sqrt(0.01 / (1 + t) ** 0.55)
        w = w - lr * (g + noise)
    return w


def _clipped(g: Array, bound: float) -> Array:
    return g * min(1.0, bound / _norm(g))


def lion_raw(w: Array, gradients: Gradients, lr: float) -> Array:
    v = np.zeros_like(w)
    for g in gradients:
        g = np.arcsin(_clipped(g, lr))
        m = (1 - 0.8999999761581421) * g + 0.8999999761581421 * v
        v = (1 - 1.109133005142212) * g + 1.109133005142212 * m
        rate = lr * 0.0002171761734643951
        w = w - (rate * np.sign(m) + rate * 0.4601978361606598 * w)
    return w


def _unfolded(x: Array, axis: int) -> Array:
    """Return the matrix whose rows belong to the places along an axis."""
    return np.array([np.take(x, i, axis).ravel() for i in range(x.shape[axis])])


def _along(x: Array, matrix: Array, axis: int) -> Array:
    """Multiply every line along an axis by a matrix."""
    return np.apply_along_axis(lambda line: matrix @ line, axis, x)


def shampoo(w: Array, gradients: Gradients, lr: float) -> Array:
    shape = w.shape or (1,)
    sums = [1e-4 * np.eye(n) for n in shape]
    roots = [np.eye(n) for n in shape]
    momentum = np.zeros(shape)
    for t, g in enumerate(gradients, 1):
        x = g.reshape(shape)
        for axis in range(len(shape)):
            rows = _unfolded(g.reshape(shape), axis)
            sums[axis] = sums[axis] + sum(np.outer(column, column) for column in rows.T)
            if t == 1 or t % 10 == 0:
                values, vectors = np.linalg.eigh(sums[axis])
                power = [value ** (-1 / (2 * len(shape))) for value in values]
                roots[axis] = vectors @ np.diag(power) @ vectors.T
            x = _along(x, roots[axis], axis)
        momentum = 0.9 * momentum + x
        w = w - lr * momentum.reshape(w.shape)
    return w


def soap(w: Array, gradients: Gradients, lr: float) -> Array:
    if w.ndim < 2:
        return _soap_of_vectors(w, gradients, lr)
    axes = range(w.ndim)
    first = [_unfolded(gradients[0], a) for a in axes]
    averages = [0.05 * rows @ rows.T for rows in first]
    bases = [np.linalg.eigh(a)[1][:, ::-1] for a in averages]
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients[1:], 1):
        m = 0.95 * m + 0.05 * g
        inside, moment = g, m
        for a in axes:
            inside, moment = (_along(x, bases[a].T, a) for x in (inside, moment))
        v = 0.95 * v + 0.05 * inside**2
        u = moment / (1 - 0.95**t) / (np.sqrt(v / (1 - 0.95**t)) + 1e-8)
        for a in axes:
            u = _along(u, bases[a], a)
        w = w - lr * (u + 0.01 * w)
        for a in axes:
            rows = _unfolded(g, a)
            averages[a] = 0.95 * averages[a] + 0.05 * rows @ rows.T
            if (t + 1) % 10 == 0:
                weight = [float(q @ averages[a] @ q) for q in bases[a].T]
                order = sorted(range(len(weight)), key=lambda i: -weight[i])
                bases[a] = np.linalg.qr(averages[a] @ bases[a][:, order])[0]
                v = np.take(v, order, a)
    return w


def _soap_of_vectors(w: Array, gradients: Gradients, lr: float) -> Array:
    adam = Adam(0.95, 0.95)
    for g in gradients[1:]:
        w = w - lr * (adam.step(g) + 0.01 * w)
    return w
