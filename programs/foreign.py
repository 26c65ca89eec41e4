"""Functions and signs of Python, torch and numpy that the language writes in another way.

A row is `names(parameters): form`. `dim=-1` among the parameters means that `dim` must be given as
-1. A sign goes by the name of its class in `ast`, `w.shape[0]` by `shape(w, 0)`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

_TABLE = """
relu(x): maximum(x, 0)
leaky_relu(x): maximum(x, 0.01 * x)
sigmoid logistic expit(x): 1 / (1 + exp(-x))
silu swish(x): x / (1 + exp(-x))
gelu(x): x / (1 + exp(-1.702 * x))
softplus(x): log1p(exp(x))
softsign(x): x / (1 + abs(x))
elu(x): where(x > 0, x, expm1(x))
hard_tanh hardtanh(x): clip(x, 1)
heaviside(x): x > 0
ema(m, g, beta): lerp(m, g, 1 - beta)
lerp(a, b, weight): lerp(a, b, weight)
mix blend(a, b, t): lerp(a, b, t)
clip clamp(x, min=-1, max=1): clip(x, 1)
clip clamp(x, min, max): minimum(maximum(x, min), max)
clip clamp(x, min): maximum(x, min)
clip clamp(x, max): minimum(x, max)
clamp_min(x, min): maximum(x, min)
clamp_max(x, max): minimum(x, max)
int trunc floor(x): floor(x)
int trunc floor(x): x - mod(x, 1)
ceil(x): -floor(-x)
ceil(x): x + mod(-x, 1)
round(x): floor(x + 0.5)
round(x): x + 0.5 - mod(x + 0.5, 1)
float detach clone item contiguous(x): x
add(x, y): x + y
add(x, y, alpha): x + alpha * y
sub(x, y): x - y
sub(x, y, alpha): x - alpha * y
mul mult times(x, y): x * y
div true_divide(x, y): x / y
floor_divide(x, y): x // y
addcmul(x, a, b): x + a * b
addcmul(x, a, b, value): x + value * a * b
addcdiv(x, a, b): x + a / b
addcdiv(x, a, b, value): x + value * a / b
neg(x): -x
remainder fmod(x, y): mod(x, y)
square sqr(x): x * x
square sqr(x): square(x)
pow(x, y): x ** y
rsqrt(x): 1 / sqrt(x)
reciprocal(x): 1 / x
sgn signum(x): sign(x)
absolute fabs(x): abs(x)
atan2 arctan2(y, x): arctan(y / x)
eq equal(x, y): x == y
ne not_equal(x, y): x != y
gt greater(x, y): x > y
lt less(x, y): x < y
ge greater_equal(x, y): x >= y
le less_equal(x, y): x <= y
logical_and(x, y): x * y
logical_or(x, y): maximum(x, y)
logical_not(x): 1 - x
max maximum(x, y, z): maximum(maximum(x, y), z)
min minimum(x, y, z): minimum(minimum(x, y), z)
mean(x): mean_pool(x)
max amax(x): max_over(x)
mean(x, dim=-1): row_mean(x)
mean(x, dim=1): row_mean(x)
mean(x, dim=0): column_mean(x)
sum(x, dim=-1): row_mean(x) * column_count(x)
sum(x, dim=1): row_mean(x) * column_count(x)
sum(x, dim=0): column_mean(x) * row_count(x)
norm vector_norm(x, p=2): norm(x)
norm vector_norm(x, p=1): sum(abs(x))
norm vector_norm(x, dim=-1): row_norm(x)
norm vector_norm(x, dim=1): row_norm(x)
norm vector_norm(x, dim=0): column_norm(x)
norm vector_norm matrix_norm l2_norm l2norm(x): norm(x)
normalize normalise(x): x / norm(x)
normalize normalise(x): rms_norm(x)
avg average(x): mean(x)
var variance(x): mean(square(x - mean(x)))
std(x): sqrt(mean(square(x - mean(x))))
cosine_similarity(x, y): cosine_sim(x, y)
size(x): numel(x)
shape size(x, dim=0): row_count(x)
shape size(x, dim=1): column_count(x)
shape size(x, dim=-1): column_count(x)
cosine(x): cos(x)
sine(x): sin(x)
newton_schulz newtonschulz5 zeropower_via_newtonschulz5 polar(x): orthogonalize(x)
newton_schulz zeropower_via_newtonschulz5(x, steps): orthogonalize(x)
clip_grad_norm clip_by_norm clip_grad_norm_(x, c): clip_by_global_norm(x, c)
randn_like normal_like gaussian(x): noise(x, step)
zeros_like(x): 0 * x
ones_like(x): 0 * x + 1
cat concatenate hstack(x, y): concat(x, y)
cat concatenate hstack concat(x, y, z): concat(concat(x, y), z)
self_attention multihead_attention multi_head_attention mha(x): attention(x)
self_attention multihead_attention multi_head_attention mha(x, heads): attention(x, heads)
dense fc(x, width): linear(x, width)
dense fc linear(x, out_features): linear(x, out_features)
dropout(x): x
dropout(x, p): x
BitXor(x, y): x ** y
BitAnd(x, y): x * y
BitOr(x, y): maximum(x, y)
Invert(x): 1 - x
Not(x): x == 0
Pow(x, y=2): square(x)
Pow(x, y=2): x * x
Pow(x, y=3): x * x * x
"""


@dataclass(frozen=True, slots=True)
class Row:
    """The parameters of a function, those that must have a certain value, and the legal form."""

    params: tuple[str, ...]
    fixed: Mapping[str, str]
    form: ast.expr


@cache
def rows() -> dict[str, list[Row]]:
    """Return the rows of the table by each name."""
    found: dict[str, list[Row]] = {}
    for line in _TABLE.strip().splitlines():
        head, _, form = line.partition("): ")
        names, _, params = head.partition("(")
        pairs = [p.strip().partition("=") for p in params.split(",")]
        fixed = {name: value for name, sign, value in pairs if sign}
        row = Row(tuple(p[0] for p in pairs), fixed, ast.parse(form, mode="eval").body)
        for name in names.split():
            found.setdefault(name, []).append(row)
    return found
