"""A small run with everything that a report speaks of, one candidate of which means harm."""

from __future__ import annotations

from dataclasses import replace

from evaluators.candidate import Origin, Status
from programs.load import library
from runs.record import RunRecord, candidate_id
from runs.store import Store
from tests.runs.samples import candidate

HOSTILE = "</script><script>window.hurt = 1</script><img src=x onerror='window.hurt = 2'>"
"""What a page must show as the very characters it is made of."""

SOURCE = f'"""{HOSTILE} \x1b[31m \u202e"""\n\ndef update(w, g, lr):\n    return lr * g\n'

MOMENTUM = """def update(w, g, m, lr):
    m = lerp(m, g, 0.1)
    return lr * m, m
"""
LION = """def update(w, g, m, lr):
    m = lerp(m, g, 0.1)
    return lr * sign(m), m
"""


def told_run(store: Store) -> RunRecord:
    """Keep a run of six candidates: a start, its child and grandchild, and three failures."""
    run = store.create_run(
        "digits",
        "optimizer",
        3,
        {"task": "digits", "evals": 5, "seed": 3, "proposers": {"evolution": 1.0}},
        "namespaces",
        "cpu",
        "p1",
        {"torch": "2.13.0"},
    )
    curves = ((2.0, 1.0, 0.5), (2.0, 1.2, 0.7))
    sgd = library("optimizer")["sgd"].source
    ids = [candidate_id(run.id, n) for n in range(6)]
    family = [
        candidate(run.id, 0, 0.5, source=sgd, operator="warm start", curves=curves, seconds=2.0),
        candidate(run.id, 1, 0.6, source=MOMENTUM, parents=(ids[0],), curves=curves, seconds=3.0),
        candidate(run.id, 2, 0.8, source=LION, parents=(ids[1], ids[0]), seconds=4.0),
        candidate(
            run.id,
            3,
            source=SOURCE,
            parents=(ids[2],),
            status=Status.INVALID,
            message=f"not valid: {HOSTILE}",
            fingerprint="",
        ),
        candidate(
            run.id,
            4,
            0.6,
            source=MOMENTUM,
            parents=(ids[0],),
            status=Status.DUPLICATE,
            duplicate_of=ids[1],
            fingerprint=f"f{run.id}1",
        ),
        candidate(
            run.id, 5, source=SOURCE + "\n", status=Status.PRUNED, message="no progress: none"
        ),
    ]
    why = Origin(f"model {HOSTILE}", HOSTILE, (ids[2],), HOSTILE, HOSTILE)
    family[3] = replace(family[3], origin=why)
    for each in family:
        store.record(run.id, each)
    store.llm_call(run.id, model=HOSTILE, purpose="rewrite", messages=[], usd=0.25, seconds=1.5)
    store.event(run.id, "model", {"message": HOSTILE})
    store.finish(run.id, "done", "5 evaluations done")
    return store.run(run.id)
