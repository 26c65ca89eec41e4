"""A rival as careless as they come: scores in its own process, saves once at the end, and dices.

It asks the model on `base` for programs, runs each with the scorer beside it, and writes what it
found to `found.json`. Every other prompt holds a random number.
"""

from __future__ import annotations

import json
import random
import sys
import urllib.request
from pathlib import Path

import scorer  # type: ignore[import-not-found]  # beside this file, once it is copied


def ask(base: str, prompt: str) -> str:
    body = {"model": "any", "messages": [{"role": "user", "content": prompt}]}
    sent = urllib.request.Request(
        f"{base}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(sent) as reply:
        text = json.load(reply)["choices"][0]["message"]["content"]
    return text.split("```python\n")[1].split("```")[0]


def search(base: str, proposals: int) -> dict[str, float]:
    found = {"initial.py": scorer.evaluate("initial.py")["combined_score"]}
    for number in range(proposals):
        source = ask(base, f"Proposal {random.random() if number % 2 else number}")
        Path("candidate.py").write_text(source)
        try:
            found[source] = scorer.evaluate("candidate.py")["combined_score"]
        except Exception as fault:
            print(f"\x1b[31m{fault}")
    return found


if __name__ == "__main__":
    Path("found.json").write_text(json.dumps(search(sys.argv[1], int(sys.argv[2]))))
