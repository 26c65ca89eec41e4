"""What the door to models sends through: the seam that tests replace.

Transport    puts one request to one model, and raises what the client library raises
Completion   what came back, in our words
Trouble      a client library's exception, sorted: may it be retried, may it be charged?
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from agent.question import Question, Sample
from agent.redact import redacted

LONGEST_MESSAGE = 300
_KEYLESS = re.compile(r"missing credentials|api[_ ]key\b.*\b(?:not set|environment)", re.IGNORECASE)
_UNREACHED = re.compile(r"\[Errno|connection error", re.IGNORECASE)
_CLASSES = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception) ?[:-] )+")
LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Completion:
    """The samples and the tokens that the provider counted; `None`: it did not say."""

    samples: tuple[Sample, ...]
    prompt_tokens: int | None
    completion_tokens: int | None


class Transport(Protocol):
    """Puts one request; `bare` leaves out every setting that some server might not know."""

    async def send(
        self, model: str, question: Question, samples: int, timeout: float, bare: bool
    ) -> Completion:
        """Return what the model says."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a request failed.

    `sent` says that the model may have worked on it, `hopeless` that no other request to this
    model will do better, `picky` that the server did not like the request.
    """

    reason: str
    retry: bool = False
    sent: bool = False
    hopeless: bool = False
    picky: bool = False
    pause: float = 0.0


def trouble_of(error: BaseException) -> Trouble:
    """Sort an exception by its status; both client libraries carry one."""
    said = _said(error)
    status = getattr(error, "status_code", None)
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        # Not tried again: the run waits for this place, and evolution can fill it now.
        return Trouble("timed out: no reply in time", sent=True)
    if status == 429:
        empty = "insufficient_quota" in said
        pause = _pause(error)
        return Trouble(f"rate limit: {said}", retry=not empty, hopeless=empty, pause=pause)
    if _KEYLESS.search(said):
        said = f"its key is not in the environment ({said.rstrip('.')})"
        return Trouble(f"no access: {said}", hopeless=True)
    if status in (401, 403):
        return Trouble(f"no access: {said}", hopeless=True)
    if status == 404:
        return Trouble(f"no such model: {said}", hopeless=True)
    if status in (400, 422):
        return Trouble(f"bad request: {said}", picky=True)
    if isinstance(status, int) and status >= 500:
        lost = "Connection" in type(error).__name__ or _UNREACHED.search(said)
        return Trouble(f"{'no connection' if lost else 'server error'}: {said}", retry=True)
    if "Connection" in type(error).__name__ or isinstance(error, OSError):
        return Trouble(f"no connection: {said}", retry=True)
    return Trouble(f"failed: {type(error).__name__}: {said}", sent=True)


def _said(error: BaseException) -> str:
    """Return a library's message without its classes' names and tracebacks, and where it went."""
    text = redacted(str(error)).partition("Traceback (most recent call last)")[0]
    said = _CLASSES.sub("", " ".join(text.split())) or type(error).__name__
    if "Connection" in type(error).__name__ and (request := getattr(error, "request", None)):
        said = f"{said.rstrip('.')} at {redacted(str(request.url))}"
    return said[:LONGEST_MESSAGE]


def _pause(error: BaseException) -> float:
    """Return how long the provider asks us to wait."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return min(max(float(headers.get("retry-after", 0.0)), 0.0), LONGEST_PAUSE)
    except (TypeError, ValueError):
        return 0.0


def completion_of(response: Any) -> Completion:
    """Read a response of OpenAI's shape, which both client libraries return."""
    usage = getattr(response, "usage", None)
    return Completion(
        tuple(_sample(choice) for choice in response.choices or ()),
        getattr(usage, "prompt_tokens", None),
        getattr(usage, "completion_tokens", None),
    )


def _sample(choice: Any) -> Sample:
    text = choice.message.content or ""
    return Sample(text, choice.finish_reason == "length", _first_token(choice))


def _first_token(choice: Any) -> dict[str, float]:
    """Return the alternatives for the first token that is not blank."""
    content = getattr(getattr(choice, "logprobs", None), "content", None) or ()
    for token in content:
        if token.token.strip():
            ranked = [(t.token.strip(), t.logprob) for t in reversed(token.top_logprobs or [token])]
            return {text: float(logprob) for text, logprob in ranked}
    return {}
