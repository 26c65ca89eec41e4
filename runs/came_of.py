"""The view that says which candidates came of a call to a model.

A call's purpose begins with the place that it was made for; the warm start's names its proposer
instead, because several places share it.
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


def asked(db: Database) -> None:
    """Make the view."""
    db.executescript(ASKED)
