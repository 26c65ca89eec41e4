"""Rules for recurrences: gated cells step by step, and h = decay·h + x along a sequence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from programs.kinds.networks.backwards.arrays import (
    Array,
    Back,
    Repeated,
    Rule,
    dot,
    sigmoid,
    there_and_home,
)


def _steps(x: Array) -> Array:
    """Put the positions first."""
    return np.ascontiguousarray(x.swapaxes(0, 1))


def _gru(
    x: Array, *, inner: Array | Repeated, state: Array | Repeated, bias: Array
) -> tuple[Array, Back]:
    to_gates, from_gates = there_and_home(inner)
    given, w = _steps(to_gates(x) + bias), x.shape[2]
    h, (there, home) = np.zeros((len(x), w)), there_and_home(state, few=True)
    kept, out = [], []
    for now in given:
        back_ = there(h)
        gates = sigmoid(now[:, : 2 * w] + back_[:, : 2 * w])
        reset, keep = gates[:, :w], gates[:, w:]
        fresh = np.tanh(now[:, 2 * w :] + reset * back_[:, 2 * w :])
        kept.append((h, gates, back_[:, 2 * w :], fresh))
        h = keep * h + (1 - keep) * fresh
        out.append(h)

    def back(d: Array) -> tuple[Array]:
        d, at, total = _steps(d), np.empty_like(given), np.zeros((len(x), w))
        for t in range(len(given) - 1, -1, -1):
            before, gates, inside, fresh = kept[t]
            reset, keep = gates[:, :w], gates[:, w:]
            total = total + d[t]
            at_fresh = total * (1 - keep) * (1 - fresh * fresh)
            at_gates = np.concatenate([at_fresh * inside, total * (before - fresh)], 1)
            at_gates *= gates * (1 - gates)
            at[t, :, : 2 * w], at[t, :, 2 * w :] = at_gates, at_fresh
            total = total * keep + home(np.concatenate([at_gates, at_fresh * reset], 1))
        return (from_gates(_steps(at)),)

    return np.stack(out, 1), back


def _lstm(
    x: Array, *, inner: Array | Repeated, state: Array | Repeated, bias: Array
) -> tuple[Array, Back]:
    to_gates, from_gates = there_and_home(inner)
    given, (batch, length, w) = _steps(to_gates(x) + bias), x.shape
    given[:, :, w : 2 * w] += 1
    h = cell = np.zeros((batch, w))
    there, home = there_and_home(state, few=True)
    # Of each step the four gates, and the cell before it with what is shown of it after.
    gates = np.empty((length, batch, 4, w))
    cells, out = np.empty((length + 1, batch, w)), np.empty((length, batch, w))
    shown = np.empty((length, batch, w))
    cells[0] = cell
    for t, now in enumerate(given):
        raw = (now + there(h)).reshape(batch, 4, w)
        gate = gates[t] = sigmoid(raw)
        fresh = gates[t, :, 2] = np.tanh(raw[:, 2])
        cell = cells[t + 1] = gate[:, 1] * cell + gate[:, 0] * fresh
        shown[t] = np.tanh(cell)
        h = out[t] = gate[:, 3] * shown[t]

    def back(d: Array) -> tuple[Array]:
        d, at = _steps(d), np.empty_like(gates)
        # What the gradients of the cell (three times) and of the output are multiplied with.
        write, keep, fresh, show = (gates[:, :, gate] for gate in range(4))
        to_cell = show * (1 - shown * shown)
        to_raw = gates * (1 - gates)
        to_raw[:, :, 0] *= fresh
        to_raw[:, :, 1] *= cells[:-1]
        to_raw[:, :, 2] = write * (1 - fresh * fresh)
        to_raw[:, :, 3] *= shown
        at_h = at_cell = np.zeros((batch, w))
        for t in range(length - 1, -1, -1):
            at_h = at_h + d[t]
            at_cell = at_cell + at_h * to_cell[t]
            np.multiply(to_raw[t, :, :3], at_cell[:, None], out=at[t, :, :3])
            np.multiply(to_raw[t, :, 3], at_h, out=at[t, :, 3])
            at_cell = at_cell * keep[t]
            at_h = home(at[t].reshape(batch, 4 * w))
        return (from_gates(_steps(at.reshape(length, batch, 4 * w))),)

    return out.swapaxes(0, 1).copy(), back


def _minimal_gated(x: Array, *, inner: Array, state: Array, bias: Array) -> tuple[Array, Back]:
    to_gates, from_gates = there_and_home(inner)
    given, w = _steps(to_gates(x) + bias), x.shape[2]
    for_gate, for_fresh = state[:w], state[w:]
    to_gate, of_gate = there_and_home(for_gate, few=True)
    to_fresh, of_fresh = there_and_home(for_fresh, few=True)
    h = np.zeros((len(x), w))
    kept, out = [], []
    for now in given:
        gate = sigmoid(now[:, :w] + to_gate(h))
        fresh = np.tanh(now[:, w:] + to_fresh(gate * h))
        kept.append((h, gate, fresh))
        h = h + gate * (fresh - h)
        out.append(h)

    def back(d: Array) -> tuple[Array]:
        d, at, total = _steps(d), np.empty_like(given), np.zeros((len(x), w))
        for t in range(len(given) - 1, -1, -1):
            before, gate, fresh = kept[t]
            total = total + d[t]
            at_fresh = total * gate * (1 - fresh * fresh)
            through = of_fresh(at_fresh)
            at_gate = (total * (fresh - before) + through * before) * gate * (1 - gate)
            at[t, :, :w], at[t, :, w:] = at_gate, at_fresh
            total = total * (1 - gate) + through * gate + of_gate(at_gate)
        return (from_gates(_steps(at)),)

    return np.stack(out, 1), back


def _run(decay: Array, x: Array) -> Array:
    """Return h with h[t] = decay[t]·h[t-1] + x[t] along dimension 1."""
    out = np.empty_like(x)
    h = out[:, 0] = x[:, 0]
    for t in range(1, x.shape[1]):
        h = out[:, t] = decay[:, t] * h + x[:, t]
    return out


def _run_back(decay: Array, states: Array, d: Array) -> tuple[Array, Array]:
    """Return the gradients of the decays and of the inputs."""
    at = np.empty_like(d)
    total = at[:, -1] = d[:, -1]
    for t in range(d.shape[1] - 2, -1, -1):
        total = at[:, t] = d[:, t] + decay[:, t + 1] * total
    at_decay = np.zeros_like(at)
    at_decay[:, 1:] = at[:, 1:] * states[:, :-1]
    return at_decay, at


def _scan(decay: Array, x: Array) -> tuple[Array, Back]:
    held = np.clip(decay, 0.0, 1.0)
    states = _run(held, x)

    def back(d: Array) -> tuple[Array, Array]:
        at_decay, at = _run_back(held, states, d)
        return at_decay * ((decay >= 0) & (decay <= 1)), at

    return states, back


def _linear_recurrence(x: Array, *, decay: Array) -> tuple[Array, Back]:
    a = sigmoid(decay)
    held = np.broadcast_to(a, x.shape)
    states = _run(held, (1 - a) * x)
    return states, lambda d: ((1 - a) * _run_back(held, states, d)[1],)


def _min_gru(x: Array, *, gate: Array, inner: Array, bias: Array) -> tuple[Array, Back]:
    z, fresh = sigmoid(dot(x, gate.T) + bias), dot(x, inner.T)
    states = _run(1 - z, z * fresh)

    def back(d: Array) -> tuple[Array]:
        at_decay, at = _run_back(1 - z, states, d)
        at_gate = (at * fresh - at_decay) * z * (1 - z)
        return (dot(at_gate, gate) + dot(at * z, inner),)

    return states, back


def _softplus(x: Array) -> Array:
    return np.logaddexp(0.0, x)


def _ssm(
    x: Array, *, rate: Array, step: Array, read: Array, skip: Array, states: int
) -> tuple[Array, Back]:
    size = _softplus(step)[:, None]
    decay = np.exp(-np.exp(rate) * size)
    held = np.broadcast_to(decay, (*x.shape, states))
    found = _run(held, x[..., None] * np.broadcast_to(size, decay.shape))

    def back(d: Array) -> tuple[Array]:
        _, at = _run_back(held, found, d[..., None] * read)
        return ((at * size).sum(-1) + d * skip,)

    return (found * read).sum(-1) + skip * x, back


def _selective_ssm(
    x: Array,
    *,
    rate: Array,
    step: Array,
    step_bias: Array,
    write: Array,
    read: Array,
    skip: Array,
    states: int,
) -> tuple[Array, Back]:
    raw = dot(x, step.T) + step_bias
    size, speed = _softplus(raw)[..., None], -np.exp(rate)
    decay = np.exp(speed * size)
    written, asked = dot(x, write.T)[:, :, None, :], dot(x, read.T)[:, :, None, :]
    found = _run(decay, size * x[..., None] * written)

    def back(d: Array) -> tuple[Array]:
        d_found = d[..., None] * asked
        at_decay, at = _run_back(decay, found, d_found)
        at_asked = (d[..., None] * found).sum(2)
        at_written = (at * (size * x[..., None])).sum(2)
        through = (at * written).sum(-1)
        at_size = (at_decay * decay * speed).sum(-1) + through * x
        at_raw = at_size * sigmoid(raw)
        direct = through * size[..., 0] + d * skip
        return (direct + dot(at_raw, step) + dot(at_written, write) + dot(at_asked, read),)

    return (found * asked).sum(-1) + skip * x, back


STEPPING: Mapping[str, Rule] = {
    "gru(x, inner, state, bias)": _gru,
    "lstm(x, inner, state, bias)": _lstm,
    "minimal_gated(x, inner, state, bias)": _minimal_gated,
    "scan(decay, x)": _scan,
    "linear_recurrence(x, decay)": _linear_recurrence,
    "min_gru(x, gate, inner, bias)": _min_gru,
    "ssm(x, rate, step, read, skip)": _ssm,
    "selective_ssm(x, rate, step, step_bias, write, read, skip)": _selective_ssm,
}

REPEATING = frozenset({"gru(x, inner, state, bias)", "lstm(x, inner, state, bias)"})
"""The rules that take a matrix as rows that come again."""
