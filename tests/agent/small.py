"""A task for every kind, small enough to be searched in a test."""

from __future__ import annotations

from evaluators.bodies import Bodies, linear
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.tasks.digits import images, load
from programs.spec import Spec

TASK = Supervised(
    name="small",
    goal="Train a small classifier of handwritten digits in 40 steps.",
    data=load,
    model=mlp(64, 8, 10),
    steps=40,
    learning_rates=(0.003, 0.03),
    seeds=2,
    kinds=("optimizer", "schedule", "architecture"),
    body=Bodies(
        name="small",
        goal="Classify handwritten digits with a body between a linear map and a read-out.",
        data=images,
        spec=Spec("image", (4, 8, 8), 10),
        stem=linear(1, 4, image=True),
        steps=40,
        learning_rates=(0.01,),
        seeds=2,
        baselines=("mlp", "lenet"),
    ),
)
