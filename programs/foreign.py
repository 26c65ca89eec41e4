"""Functions and signs of Python, torch and numpy that the language writes in another way.

A row is `names(parameters): form`. `dim=-1` among the parameters means that `dim` must be given as
-1, `k=x` that it must be given as x is. A sign goes by the name of its class in `ast`,
`w.shape[0]` by `shape(w, 0)` and a layer `nn.Linear(64, 128)(x)` by `Linear(x, 64, 128)`, in lower
case where no row has its own.
"""

from __future__ import annotations

import ast
import re
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
clip_grad_norm clip_by_norm clip_grad_norm_(x, c): clip_by_global_norm(x, c)
randn_like normal_like gaussian(x): noise(x, step)
zeros_like(x): 0 * x
ones_like(x): 0 * x + 1
BitAnd(x, y): x * y
BitOr(x, y): maximum(x, y)
Invert(x): 1 - x
Not(x): x == 0
Pow(x, y=2): square(x)
Pow(x, y=2): x * x
Pow(x, y=3): x * x * x
"""

_LAYERS = """
cat concatenate hstack concat(x, y): concat(x, y)
cat concatenate hstack concat(x, y, z): concat(concat(x, y), z)
split chunk tensor_split(x): (first_half(x), second_half(x))
split chunk tensor_split(x, parts=2): (first_half(x), second_half(x))
split chunk tensor_split(x, parts=2, dim=-1): (first_half(x), second_half(x))
self_attention multihead_attention multi_head_attention multiheadattention mha attn(x): attention(x)
multihead_attention multi_head_attention mha attention attn(x, k=x, v=x): attention(x)
self_attention multihead_attention multi_head_attention mha attn(x, heads): attention(x, heads)
multihead_attention multi_head_attention mha attention(x, k=x, v=x, heads): attention(x, heads)
MultiheadAttention(x, k=x, v=x, embed_dim, heads): attention(x, heads)
dense fc(x, width): linear(x, width)
dense fc linear(x, out_features): linear(x, out_features)
Linear(x, in_features, out_features): linear(x, out_features)
Linear(x, in_features, out_features, bias=False): linear(x, out_features, bias=0)
Linear(x, in_features, out_features, bias=True): linear(x, out_features)
conv1d conv2d(x, width): conv(x, width)
conv1d conv2d(x, width, kernel): conv(x, width, kernel)
Conv1d Conv2d(x, in_channels, out_channels, kernel): conv(x, out_channels, kernel)
Conv1d Conv2d(x, ins, outs, kernel, groups): conv(x, outs, kernel, groups=groups)
Conv1d Conv2d(x, ins, outs, kernel, dilation): conv(x, outs, kernel, dilation=dilation)
Conv1d Conv2d(x, in_channels, out_channels, kernel, stride): conv(x, out_channels, kernel, stride)
conv1d conv2d(x, width, kernel, stride, padding): conv(x, width, kernel, stride)
conv1d conv2d(x, width, kernel, stride, padding, dilation): conv(x, width, kernel, stride, dilation)
conv1d conv2d(x, out, k, s, padding, dilation, groups): conv(x, out, k, s, dilation, groups)
mlp ffn feed_forward feedforward(x): linear(gelu(linear(x, times=4)), times=0.25)
norm(x): rms_norm(x)
layernorm ln(x): layer_norm(x)
layer_norm layernorm(x, width): layer_norm(x)
rmsnorm(x): rms_norm(x)
rms_norm rmsnorm(x, width): rms_norm(x)
batchnorm batchnorm1d batchnorm2d bn(x): batch_norm(x)
batch_norm batchnorm1d batchnorm2d(x, width): batch_norm(x)
groupnorm(x, groups, width): group_norm(x, groups)
leakyrelu(x): leaky_relu(x)
leaky_relu leakyrelu(x, slope=0.01): leaky_relu(x)
softmax(x, dim=-1): softmax(x)
lstm(x, input_size, hidden_size=input_size): lstm(x)
gru(x, input_size, hidden_size=input_size): gru(x)
mean(x, dim=1): mean_pool(x)
mean(x, dim=-2): mean_pool(x)
mean(x, dim=(2, 3)): mean_pool(x)
mean(x, dim=(-2, -1)): mean_pool(x)
mean(x, dim=(-1, -2)): mean_pool(x)
max amax(x, dim=1): max_over(x)
max amax(x, dim=-2): max_over(x)
max amax(x, dim=(2, 3)): max_over(x)
max amax(x, dim=(-2, -1)): max_over(x)
max_pool1d max_pool2d maxpool maxpool1d maxpool2d(x, kernel): max_pool(x, kernel)
max_pool1d max_pool2d maxpool maxpool1d maxpool2d(x, kernel, stride=kernel): max_pool(x, kernel)
avg_pool1d avg_pool2d avgpool avgpool1d avgpool2d(x, kernel): avg_pool(x, kernel)
avg_pool1d avg_pool2d avgpool avgpool1d avgpool2d(x, kernel, stride=kernel): avg_pool(x, kernel)
global_average_pool global_avg_pool global_mean_pool global_average_pooling(x): mean_pool(x)
adaptive_avg_pool1d adaptive_avg_pool2d adaptiveavgpool1d adaptiveavgpool2d(x, size=1): mean_pool(x)
adaptive_avg_pool2d adaptiveavgpool2d(x, size=(1, 1)): mean_pool(x)
global_max_pool global_max_pooling(x): max_over(x)
adaptive_max_pool1d adaptive_max_pool2d adaptivemaxpool1d adaptivemaxpool2d(x, size=1): max_over(x)
transpose swapaxes(x, dim0=1, dim1=2): transpose(x)
transpose swapaxes(x, dim0=2, dim1=1): transpose(x)
permute(x, a=0, b=2, c=1): transpose(x)
flatten(x, start_dim=1): flatten(x)
dropout(x): x
dropout(x, p): x
identity(x): x
"""
"""Of use only where functions have weights: `mean(x, 1)` is another one on a matrix."""


@dataclass(frozen=True, slots=True)
class Row:
    """The parameters of a function, those that must have a certain value, and the legal form."""

    params: tuple[str, ...]
    fixed: Mapping[str, str]
    form: ast.expr


@cache
def rows(weighted: bool) -> dict[str, list[Row]]:
    """Return the rows of the table by each name, in kinds with weights those of layers first."""
    found: dict[str, list[Row]] = {}
    for line in (_LAYERS * weighted + _TABLE).split("\n"):
        if not line:
            continue
        head, _, form = line.partition("): ")
        names, _, params = head.partition("(")
        pairs = [p.partition("=") for p in _COMMA.split(params)]
        fixed = {name: value for name, sign, value in pairs if sign}
        row = Row(tuple(p[0] for p in pairs), fixed, ast.parse(form, mode="eval").body)
        for name in names.split():
            found.setdefault(name, []).append(row)
    return found


_COMMA = re.compile(r", (?![^(]*\))")
"""Parts parameters; a comma inside brackets parts nothing."""
