"""Function-preserving growth: a changed network that begins where the old one had got to.

Net2Net (Chen et al. 2016) and EAS (Cai et al. 2018) make a network wider or deeper and choose the
new weights so that it computes what it did. Here the change is any pair of genomes:

    align       which calls of the new network go on with the work of which calls of the old, and
                which do nothing yet (an identity, or a residual branch that is zero)
    follow      which new features are copies of which old ones, from the inputs to the result
    plan        both together: how every new weight comes about, or why that cannot be
    inherited   the new weights themselves, from a trained module

Only `inherited` needs torch. The operators `widen` and `deepen` give no child without a plan.
"""

from programs.net2net.plan import Plan, plan
from programs.net2net.weights import inherited

__all__ = ["Plan", "inherited", "plan"]
