"""The view that says which candidates came of a call to a model.

A call's purpose begins with the number of the draw that it was made for; the warm start's names its
proposer instead, because several draws share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS = """
    l.id AS call, c.id AS candidate, l.run, l.model, l.purpose, l.prompt_tokens,
    l.completion_tokens, l.usd, l.seconds, l.error
"""

ASKED = f"""
CREATE VIEW asked AS
SELECT {_COLUMNS} FROM candidate c CROSS JOIN llm_call l ON l.run = c.run
WHERE l.purpose GLOB '[0-9]*' AND c.idx = CAST(l.purpose AS INTEGER)
UNION ALL
SELECT {_COLUMNS} FROM candidate c CROSS JOIN llm_call l ON l.run = c.run AND l.model = c.model
WHERE c.operator = 'warm start' AND l.purpose = c.proposer || ' warm start';
"""


# A candidate's entropy is the run's seed and its draw; with a third word it was asked of nobody.
BY_DRAW = f"""
DROP VIEW asked;
CREATE VIEW asked AS
SELECT {_COLUMNS} FROM candidate c CROSS JOIN llm_call l ON l.run = c.run
WHERE l.purpose GLOB '[0-9]*' AND json_array_length(c.entropy) = 2
  AND json_extract(c.entropy, '$[1]') = CAST(l.purpose AS INTEGER)
UNION ALL
SELECT {_COLUMNS} FROM candidate c CROSS JOIN llm_call l ON l.run = c.run AND l.model = c.model
WHERE c.operator = 'warm start' AND l.purpose = c.proposer || ' warm start';
"""


def asked(db: Database) -> None:
    """Make the view, for runs in which every draw gets the place of its number."""
    db.executescript(ASKED)


def asked_by_draw(db: Database) -> None:
    """Make the view anew, for runs in which places are filled in."""
    db.executescript(BY_DRAW)
