from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import ProcessSandbox


@pytest.fixture(scope="package")
def sandbox() -> Iterator[ProcessSandbox]:
    """Share one warm sandbox of two workers, without torch, among the tests that do not end it."""
    with (
        pytest.MonkeyPatch.context() as patch,
        ProcessSandbox(2, preload=["tests.sandbox.harnesses"], tier="process") as shared,
    ):
        patch.setenv("OPENAI_API_KEY", "sk-secret")
        shared.start()
        yield shared
