"""Functions and signs of Python, torch and numpy that the language writes in another way.

A row is `names(parameters): form`. Among the parameters

    dim=-1        must be given as -1, and `k=x` as x is
    x: plus       must be of that sort (`programs.sorts`)
    *             parts those that may go by their place from those that are given by name

A name with a dot is that of a function behind a module or an owner, which then has these rows and
no others: `.std` is torch's, `np.std` numpy's, and `std` one that a text calls by its bare name.
A sign goes by the name of its class in `ast`, `w.shape[0]` by `shape(w, 0)` and a layer
`nn.Linear(64, 128)(x)` by `Linear(x, 64, 128)`, in lower case where no row has its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from programs.foreign_layers import LAYERS
from programs.sorts import SORTS

OTHERWISE = ("clip", "clamp", "interp", "inverse", "max", "min", "dot", "upsample", "linear")
"""What is another function behind a module, or takes its arguments in another order."""

_TABLE = """
relu(x): maximum(x, 0)
leaky_relu(x): maximum(x, 0.01 * x)
sigmoid logistic expit(x): 1 / (1 + exp(-x))
silu swish(x): x / (1 + exp(-x))
gelu(x): 0.5 * x * (1 + tanh(0.79788456 * (x + 0.044715 * x * x * x)))
softplus(x): log1p(exp(x))
softsign(x): x / (1 + abs(x))
elu(x): where(x > 0, x, expm1(x))
hard_tanh hardtanh(x): clip(x, 1)
heaviside(x): x > 0
ema(m, g, beta): lerp(m, g, 1 - beta)
lerp(a, b, weight): lerp(a, b, weight)
mix blend(a, b, t): lerp(a, b, t)
clip clamp(x, min=-1, max=1): clip(x, 1)
clip clamp(x, min=None, max): minimum(x, max)
clip clamp(x, min, max=None): maximum(x, min)
clip clamp(x, min, max): minimum(maximum(x, min), max)
clip clamp(x, min): maximum(x, min)
clip clamp(x, *, max): minimum(x, max)
clamp_min(x, min): maximum(x, min)
clamp_max(x, max): minimum(x, max)
int trunc fix(x: plus): floor(x)
int trunc fix(x: plus): x - mod(x, 1)
int trunc fix(x): sign(x) * floor(abs(x))
int trunc fix(x): sign(x) * (abs(x) - mod(abs(x), 1))
floor(x): floor(x)
floor(x): x - mod(x, 1)
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
remainder(x, y): mod(x, y)
fmod(x: plus, y: plus): mod(x, y)
fmod(x, y: plus): sign(x) * mod(abs(x), y)
fmod(x, y): sign(x) * mod(abs(x), abs(y))
square sqr(x): x * x
square sqr(x): square(x)
pow float_power(x, y): x ** y
rsqrt(x): 1 / sqrt(x)
reciprocal(x): 1 / x
sgn signum(x): sign(x)
absolute fabs(x): abs(x)
atan2 arctan2(y, x: plus): arctan(y / x)
atan2 arctan2(y, x): 2 * arctan(y / (sqrt(x * x + y * y) + x))
hypot(x, y): sqrt(x * x + y * y)
dist(x, y): norm(x - y)
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
.max(x, y: tensor): maximum(x, y)
.min(x, y: tensor): minimum(x, y)
mean(x, dim=-1): row_mean(x)
mean(x, dim=1): row_mean(x)
mean(x, dim=0): column_mean(x)
sum(x, dim=-1): row_mean(x) * column_count(x)
sum(x, dim=1): row_mean(x) * column_count(x)
sum(x, dim=0): column_mean(x) * row_count(x)
norm vector_norm(x, p=2): norm(x)
norm vector_norm(x, p=1): sum(abs(x))
norm linalg.norm matrix_norm(x, p='fro'): norm(x)
norm vector_norm linalg.norm(x, p=2, dim=-1): row_norm(x)
norm vector_norm linalg.norm(x, p=2, dim=1): row_norm(x)
norm vector_norm linalg.norm(x, p=2, dim=0): column_norm(x)
norm vector_norm linalg.norm(x, *, dim=-1): row_norm(x)
norm vector_norm linalg.norm(x, *, dim=1): row_norm(x)
norm vector_norm linalg.norm(x, *, dim=0): column_norm(x)
norm vector_norm linalg.norm matrix_norm l2_norm l2norm(x): norm(x)
frob_norm frobenius_norm fro_norm(x): norm(x)
normalize normalise(x): x / norm(x)
normalize normalise(x): rms_norm(x)
.normalize(x): x / row_norm(x)
.normalize(x, p=2): x / row_norm(x)
.normalize(x, p=2, dim=-1): x / row_norm(x)
.normalize(x, p=2, dim=1): x / row_norm(x)
.normalize(x, p=2, dim=0): x / column_norm(x)
.normalize(x, *, dim=-1): x / row_norm(x)
.normalize(x, *, dim=1): x / row_norm(x)
.normalize(x, *, dim=0): x / column_norm(x)
avg average(x): mean(x)
var variance np.var jnp.var numpy.var(x): mean(square(x - mean(x)))
std np.std jnp.std numpy.std(x): sqrt(mean(square(x - mean(x))))
.var(x, *, unbiased=False): mean(square(x - mean(x)))
.std(x, *, unbiased=False): sqrt(mean(square(x - mean(x))))
.var(x, *, correction=0): mean(square(x - mean(x)))
.std(x, *, correction=0): sqrt(mean(square(x - mean(x))))
.var(x): sum(square(x - mean(x))) / (numel(x) - 1)
.std(x): sqrt(sum(square(x - mean(x))) / (numel(x) - 1))
cosine_similarity(x, y): cosine_sim(x, y)
.cosine_similarity(x: flat, y: flat, dim=0): cosine_sim(x, y)
.cosine_similarity(x, y): row_mean(x * y) * column_count(x) / (row_norm(x) * row_norm(y))
.cosine_similarity(x, y, dim=1): row_mean(x * y) * column_count(x) / (row_norm(x) * row_norm(y))
.cosine_similarity(x, y, dim=-1): row_mean(x * y) * column_count(x) / (row_norm(x) * row_norm(y))
.dot np.dot jnp.dot numpy.dot(x: flat, y: flat): dot(x, y)
.dot(x, y): dot(x, y)
np.dot jnp.dot numpy.dot(x, y): matmul(x, y)
size(x): numel(x)
len(x): row_count(x)
shape size(x, dim=0): row_count(x)
shape size(x, dim=1): column_count(x)
shape size(x, dim=-1): column_count(x)
transpose swapaxes(x, dim0=0, dim1=1): transpose(x)
transpose swapaxes(x, dim0=1, dim1=0): transpose(x)
transpose swapaxes(x, dim0=-1, dim1=-2): transpose(x)
transpose swapaxes(x, dim0=-2, dim1=-1): transpose(x)
cosine(x): cos(x)
sine(x): sin(x)
newton_schulz newtonschulz5 zeropower_via_newtonschulz5 polar(x): orthogonalize(x)
newton_schulz zeropower_via_newtonschulz5(x, steps): orthogonalize(x)
clip_grad_norm clip_grad_norm_(x, c): clip_by_global_norm(x, c)
clip_by_norm(x, c): x * minimum(1, c / norm(x))
randn_like normal_like gaussian(x): noise(x, step)
zeros_like(x): 0 * x
full_like(x, value): 0 * x + value
ones_like(x): 0 * x + 1
BitAnd(x: mask, y: mask): x * y
BitOr(x: mask, y: mask): maximum(x, y)
Invert(x: mask): 1 - x
Not(x): x == 0
Pow(x, y=2): square(x)
Pow(x, y=2): x * x
Pow(x, y=3): x * x * x
"""


@dataclass(frozen=True, slots=True)
class Row:
    """The parameters of a function, those that must have a certain value, and the legal form.

    The first `placed` of them may go by their place; `sorts` are those that must be of some sort.
    """

    params: tuple[str, ...]
    placed: int
    fixed: Mapping[str, str]
    sorts: Mapping[str, str]
    form: ast.expr


@cache
def rows(weighted: bool) -> dict[str, list[Row]]:
    """Return the rows of the table by each name, in kinds with weights those of layers first."""
    found: dict[str, list[Row]] = {}
    for line in (LAYERS * weighted + _TABLE).split("\n"):
        if not line:
            continue
        head, _, form = line.partition("): ")
        names, _, params = head.partition("(")
        row = _row(_COMMA.split(params), ast.parse(form, mode="eval").body)
        for name in names.split():
            found.setdefault(name, []).append(row)
    return found


def _row(params: list[str], form: ast.expr) -> Row:
    placed = params.index("*") if "*" in params else len(params)
    params = [p for p in params if p != "*"]
    fixed = dict(p.split("=", 1) for p in params if "=" in p)
    sorts = dict(p.split(": ") for p in params if ": " in p)
    assert SORTS.keys() >= set(sorts.values())
    return Row(tuple(re.split("[=:]", p)[0] for p in params), placed, fixed, sorts, form)


_COMMA = re.compile(r", (?![^(]*\))")
"""Parts parameters; a comma inside brackets parts nothing."""
