"""Layers in numpy with derivatives by hand, for the probes: small arrays, where calls cost most.

A *rule* computes what a layer's expression says and gives back a function from the gradient of the
result to those of the values it took (`None` for a number). Rules are found by the expression
itself, so one whose expression is changed is no longer used; torch does such a layer then, as it
does all that have no rule.
"""

from __future__ import annotations

from collections.abc import Mapping

from programs.kinds.networks.backwards.arrays import Rule
from programs.kinds.networks.backwards.attending import ATTENDING
from programs.kinds.networks.backwards.convolving import CONVOLVING
from programs.kinds.networks.backwards.experts import EXPERTS
from programs.kinds.networks.backwards.moving import MOVING
from programs.kinds.networks.backwards.pointwise import POINTWISE
from programs.kinds.networks.backwards.ringing import RINGING
from programs.kinds.networks.backwards.stepping import STEPPING

RULES: Mapping[str, Rule] = {
    **POINTWISE,
    **MOVING,
    **ATTENDING,
    **CONVOLVING,
    **EXPERTS,
    **RINGING,
    **STEPPING,
}

__all__ = ["RULES", "Rule"]
