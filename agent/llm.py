"""The only file that knows the client libraries of language models.

    LitellmClient   any model that litellm knows, by litellm's name for it
    OpenAIClient    an OpenAI-compatible server (vLLM, Ollama, llama.cpp, LM Studio) at `api_base`

Keys stay in the environment, where the libraries find them. Both libraries are imported when a
client is made, which takes seconds with litellm; make it on the main thread, because it silences
their warnings, and Python's filters are the whole process's.
"""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

from agent.question import Question
from agent.transport import Completion, Transport, completion_of

TOP_LOGPROBS = 8


def connect(api_base: str | None) -> Transport:
    """Return a client for the server at `api_base`, or for every provider litellm knows."""
    return OpenAIClient(api_base) if api_base else LitellmClient()


class LitellmClient:
    """Talks to any provider through litellm, which takes seconds to import."""

    def __init__(self) -> None:
        # Without this, importing litellm fetches a price list from the internet.
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import litellm
        # Some of its types are made as late as at the first call.
        warnings.filterwarnings("ignore", module=r"pydantic\.", category=UserWarning)
        library: Any = litellm
        library.telemetry = False
        library.suppress_debug_info = True
        library.disable_aiohttp_transport = True
        logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
        self._litellm = library

    async def send(
        self, model: str, question: Question, samples: int, timeout: float, bare: bool
    ) -> Completion:
        """Put a question; what the provider does not support is left out."""
        response = await self._litellm.acompletion(
            model=model,
            messages=_messages(question),
            timeout=timeout,
            num_retries=0,
            max_retries=0,
            drop_params=True,
            **_settings(question, samples, bare),
        )
        return completion_of(response)

    async def close(self) -> None:
        """Close litellm's connections."""
        await self._litellm.close_litellm_async_clients()


class OpenAIClient:
    """Talks to one OpenAI-compatible server; a server without keys gets "none"."""

    def __init__(self, api_base: str) -> None:
        import openai

        key = os.environ.get("OPENAI_API_KEY") or "none"
        self._client = openai.AsyncOpenAI(api_key=key, base_url=api_base, max_retries=0)

    async def send(
        self, model: str, question: Question, samples: int, timeout: float, bare: bool
    ) -> Completion:
        """Put a question; the prefix `openai/` of litellm's names is not the server's."""
        create: Any = self._client.chat.completions.create
        response = await create(
            model=model.removeprefix("openai/"),
            messages=_messages(question),
            timeout=timeout,
            **_settings(question, samples, bare),
        )
        return completion_of(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _messages(question: Question) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in question.messages]


def _settings(question: Question, samples: int, bare: bool) -> dict[str, Any]:
    settings: dict[str, Any] = {"max_tokens": question.max_tokens}
    if bare:
        return settings
    settings["temperature"] = question.temperature
    if samples > 1:
        settings["n"] = samples
    if question.seed is not None:
        settings["seed"] = question.seed
    if question.logprobs:
        settings |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
    if question.json:
        settings["response_format"] = {"type": "json_object"}
    return settings
