"""The rules of `rewrites.py`, as text; add one and simplification tries it everywhere.

Grouped by what they are about. Within a group the ones that shorten come first.
"""

from __future__ import annotations

_NEUTRAL = """
x + 0 → x
x - 0 → x
x - x → 0
x * 1 → x
x * 0 → 0
x / 1 → x
x ** 1 → x
-(-x) → x
lerp(a, b, 0) → a
lerp(a, b, 1) → b
lerp(a, a, x) → a
where(c, a, a) → a
maximum(a, a) → a
minimum(a, a) → a
"""

_SIGNS = """
x + (-y) → x - y
x - (-y) → x + y
(-x) + y → y - x
-(x - y) → y - x
(-x) * y → -(x * y)
(-x) / y → -(x / y)
x / (-y) → -(x / y)
(-x) * (-y) → x * y
x * -1 → -x
0 - x → -x
-(x * s) → x * (-s)
x - y * s → x + y * (-s)
x - s → x + (-s)
sign(-x) → -sign(x)
abs(-x) → abs(x)
square(-x) → square(x)
"""

_POWERS = """
x * x → square(x)
x ** 2 → square(x)
x ** 3 → cube(x)
x ** 0.5 → sqrt(x)
x ** -1 → 1 / x
x * square(x) → cube(x)
sqrt(square(x)) → abs(x)
sqrt(x * x) → abs(x)
square(sqrt(x)) → abs(x)
sqrt(x) * sqrt(x) → abs(x)
sqrt(x) * sqrt(y) → sqrt(x * y)
sqrt(x) / sqrt(y) → sqrt(x / y)
square(x) * square(y) → square(x * y)
square(x) / square(y) → square(x / y)
square(x * s) → square(x) * square(s)
sqrt(x * s) → sqrt(x) * sqrt(s)
abs(x) * abs(y) → abs(x * y)
abs(x) / abs(y) → abs(x / y)
abs(sqrt(x)) → sqrt(x)
sqrt(abs(x)) → sqrt(x)
exp(y * log(x)) → x ** y
exp(x * s) → exp(s) ** x
exp(x) * exp(y) → exp(x + y)
log(exp(x)) → x
"""

_QUOTIENTS = """
x / x → 1
x * reciprocal(y) → x / y
x / reciprocal(y) → x * y
1 / reciprocal(x) → x
reciprocal(x) → 1 / x
x * (1 / y) → x / y
x / s → x * (1 / s)
(x * y) / y → x
(x / y) * y → x
square(x) / x → x
x / square(x) → 1 / x
"""

_SIGN_PATTERNS = """
x / abs(x) → sign(x)
abs(x) / x → sign(x)
x / sqrt(x * x) → sign(x)
x / sqrt(square(x)) → sign(x)
x * (1 / abs(x)) → sign(x)
sign(x) * abs(x) → x
sign(x) * x → abs(x)
abs(x) * sign(y) → x
sign(sign(x)) → sign(x)
sign(x) * sign(y) → sign(x * y)
sign(x) / sign(y) → sign(x * y)
sign(x * s) → sign(x) * sign(s)
(x > 0) - (x < 0) → sign(x)
where(x > 0, 1, where(x < 0, -1, 0)) → sign(x)
where(x < 0, -1, where(x > 0, 1, 0)) → sign(x)
0 < x → x > 0
0 > x → x < 0
where(x > 0, x, -x) → abs(x)
where(x > 0, x, 0) → maximum(x, 0)
where(x > y, x, y) → maximum(x, y)
where(x < y, x, y) → minimum(x, y)
maximum(x, -x) → abs(x)
minimum(maximum(x, -y), y) → clip(x, y)
minimum(maximum(x, p), q) → clip(x, q)
maximum(minimum(x, q), p) → clip(x, q)
"""

_ACTIVATIONS = """
maximum(x, 0) → relu(x)
square(relu(x)) → squared_relu(x)
x * relu(x) → squared_relu(x)
x * sigmoid(x) → silu(x)
first_half(x) * sigmoid(second_half(x)) → glu(x)
"""

_FACTORS = """
x * y + x * z → x * (y + z)
x * y - x * z → x * (y - z)
x / z + y / z → (x + y) / z
x / z - y / z → (x - y) / z
x + x * y → x * (1 + y)
x - x * y → x * (1 - y)
x + x → x * 2
(x * y) * z → x * (y * z)
(x * y) / z → x * (y / z)
(x / y) * z → (x * z) / y
(x / y) / z → x / (y * z)
x / (y * z) → (x / y) / z
x / (y / z) → (x * z) / y
x * (y / z) → (x * y) / z
(x * s) * t → x * (s * t)
x * (y * s) → (x * y) * s
x / (y * s) → (x / y) * (1 / s)
(x + y) + z → x + (y + z)
(x + y) - z → x + (y - z)
(x - y) + z → x + (z - y)
(x - y) - z → x - (y + z)
x + (y - z) → (x + y) - z
x - (y - z) → (x - y) + z
(x + s) + t → x + (s + t)
(x * s) + (y * s) → (x + y) * s
"""

_AVERAGES = """
s * a + t * b → lerp(b, a, s)
a * (1 - x) + b * x → lerp(a, b, x)
a * x + b * (1 - x) → lerp(b, a, x)
a + x * (b - a) → lerp(a, b, x)
a + s * (b - a) → lerp(a, b, s)
a - x * (a - b) → lerp(a, b, x)
(a - x * a) + x * b → lerp(a, b, x)
b * s + (a - a * s) → lerp(a, b, s)
a + (b * s - a * s) → lerp(a, b, s)
lerp(a, b, s) → lerp(b, a, 1 - s)
lerp(a, b, 1 - x) → lerp(b, a, x)
lerp(a, lerp(a, b, s), t) → lerp(a, b, s * t)
lerp(a, lerp(b, a, s), t) → lerp(a, b, t * (1 - s))
lerp(lerp(a, b, s), b, t) → lerp(a, b, s + t - s * t)
lerp(lerp(a, b, s), a, t) → lerp(a, b, s * (1 - t))
lerp(lerp(a, b, s), lerp(a, b, p), t) → lerp(a, b, s + (p - s) * t)
lerp(0, b, x) → b * x
lerp(a, 0, s) → a * (1 - s)
lerp(a * x, b * x, y) → lerp(a, b, y) * x
lerp(a / x, b / x, y) → lerp(a, b, y) / x
lerp(-a, -b, x) → -lerp(a, b, x)
(a + b) * 0.5 → lerp(a, b, 0.5)
(a + b) / 2 → lerp(a, b, 0.5)
"""

_OF_TENSORS = """
sqrt(mean(square(x))) → rms(x)
sqrt(sum(square(x))) → norm(x)
sqrt(dot(x, x)) → norm(x)
sum(x * y) → dot(x, y)
sum(square(x)) → dot(x, x)
sum(x) / numel(y) → mean(x)
dot(x, y) / (norm(x) * norm(y)) → cosine_sim(x, y)
transpose(transpose(x)) → x
"""

RULES = tuple(
    line
    for group in (
        _NEUTRAL,
        _SIGNS,
        _POWERS,
        _QUOTIENTS,
        _SIGN_PATTERNS,
        _ACTIVATIONS,
        _FACTORS,
        _AVERAGES,
        _OF_TENSORS,
    )
    for line in group.strip().splitlines()
)
"""Rules, each written "left → right"."""
