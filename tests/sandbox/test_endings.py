"""However a job behaves, it ends as an `Ending` with a sentence, in time, and nothing survives."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from sandbox import MIB, Ending, Job, Payload, ProcessSandbox, kernel
from tests.sandbox.running import QUICK, job, runs

SHORT = replace(QUICK, seconds=0.3)


def test_finishing(sandbox: ProcessSandbox):
    arrays = {"big": np.arange(1_000_000, dtype=np.float64), "flags": np.array([True, False])}
    limits = replace(QUICK, result=16 * MIB)
    payload = Payload({"text": "x" * 2_000}, arrays)
    outcome = sandbox.run(Job("tests.sandbox.harnesses:echo", payload, limits, trusted=True))
    assert outcome.ending is Ending.FINISHED
    assert outcome.result is not None
    assert outcome.result.data == payload.data
    np.testing.assert_array_equal(outcome.result.arrays["big"], arrays["big"])
    assert outcome.message == outcome.log == ""
    assert 0 < outcome.seconds < 5
    assert outcome.peak_memory > 10 * MIB


@pytest.mark.parametrize(
    ("name", "ending", "sentence"),
    [
        ("raise_exit", Ending.FAILED, "SystemExit: 3"),
        ("raise_interrupt", Ending.FAILED, "KeyboardInterrupt"),
        ("raise_unprintable", Ending.FAILED, "UnprintableError: (its text cannot be shown)"),
        ("recurse", Ending.FAILED, "RecursionError: maximum recursion depth exceeded"),
        ("return_number", Ending.FAILED, "to return a Payload, saw float"),
        ("return_nan", Ending.FAILED, "without NaN or infinity"),
        ("no_such_name", Ending.FAILED, "AttributeError"),
        ("write_a_file", Ending.FAILED, "File too large"),
        ("exit_silently", Ending.CRASHED, "exit code 0 and no answer"),
        ("segfault", Ending.CRASHED, "killed by SIGSEGV"),
        ("write_rubbish", Ending.CRASHED, "its answer was not one"),
        ("write_endlessly", Ending.TOO_MUCH_OUTPUT, "returned more than 1.0 MiB"),
        ("fill_bytearray", Ending.OUT_OF_MEMORY, "of 256.0 MiB and asked for more"),
        ("ask_for_an_array", Ending.OUT_OF_MEMORY, "asked for 8.0 TiB more"),
    ],
)
def test_faults(sandbox: ProcessSandbox, name: str, ending: Ending, sentence: str):
    outcome = sandbox.run(job(name))
    assert outcome.ending is ending
    assert sentence in outcome.message
    assert outcome.result is None
    assert outcome.seconds < 5


def test_an_error_is_one_safe_line_with_its_traceback_in_the_log(sandbox: ProcessSandbox):
    outcome = sandbox.run(job("raise_error"))
    assert outcome.message.startswith("ValueError: no \\x1b[31mred lines xxx")
    assert len(outcome.message) == 500
    assert "in raise_error" in outcome.log
    assert "\x1b" not in outcome.log


@pytest.mark.parametrize("harness", ["no_colon", "no.such.module:function", ":", "os:", "../x:y"])
def test_a_harness_that_is_not_there(sandbox: ProcessSandbox, harness: str):
    assert sandbox.run(Job(harness, Payload(), QUICK, trusted=True)).ending is Ending.FAILED


def test_a_segfault_says_where(sandbox: ProcessSandbox):
    assert "in segfault" in sandbox.run(job("segfault")).log


def test_a_large_result_gives_the_figure(sandbox: ProcessSandbox):
    outcome = sandbox.run(job("return_much", bytes=3 * MIB))
    assert outcome.ending is Ending.TOO_MUCH_OUTPUT
    assert outcome.message == "returned 3.0 MiB, at most 1.0 MiB are allowed"


@pytest.mark.parametrize("name", ["spin", "stop_itself", "flood"])
def test_the_time_limit(sandbox: ProcessSandbox, name: str):
    outcome = sandbox.run(job(name, SHORT))
    assert outcome.ending is Ending.TIMED_OUT
    assert outcome.message == "ran past 0.3 s"
    assert 0.3 <= outcome.seconds < 5
    assert len(outcome.log) <= QUICK.output


def test_the_processor_limit_leaves_the_clock_alone(sandbox: ProcessSandbox):
    limits = replace(QUICK, seconds=60.0, processor=1)
    outcome = sandbox.run(job("spin", limits))
    assert outcome.ending is Ending.TIMED_OUT
    assert "used up its 1 s of processor" in outcome.message
    assert sandbox.run(job("sleep", limits, seconds=2.5)).ending is Ending.FINISHED


def test_no_time_at_all(sandbox: ProcessSandbox):
    assert sandbox.run(job("echo", replace(QUICK, seconds=0))).ending is Ending.TIMED_OUT


def test_printing_does_not_touch_the_result(sandbox: ProcessSandbox):
    outcome = sandbox.run(job("talk"))
    assert outcome.result == Payload({"fine": True})
    assert outcome.log == "to stdout \\x1b[2J \\ud800\nto stderr\nraw \ufffd\n"


def test_a_long_log_keeps_its_ends(sandbox: ProcessSandbox):
    outcome = sandbox.run(job("chatter"))
    assert outcome.log.startswith("beginning\n")
    assert "of output left out" in outcome.log
    assert outcome.log.endswith("ValueError: the end\n")
    assert len(outcome.log) <= QUICK.output


@pytest.mark.parametrize("setsid", [False, True])
def test_a_daemon_does_not_outlive_its_job(sandbox: ProcessSandbox, setsid: bool):
    outcome = sandbox.run(job("fork_daemon", setsid=setsid))
    assert outcome.result is not None
    assert not runs(outcome.result.data["pid"])


def test_a_process_that_keeps_fleeing_is_caught(sandbox: ProcessSandbox):
    before = set(kernel.living_below(os.getpid()))
    assert sandbox.run(job("hop", seconds=0.1)).ending is Ending.FINISHED
    assert set(kernel.living_below(os.getpid())) <= before


def test_a_program_may_be_run(sandbox: ProcessSandbox):
    assert sandbox.run(job("run_a_program")).result == Payload({"said": "42"})


def test_what_the_child_is_given(sandbox: ProcessSandbox):
    outcome = sandbox.run(job("describe"))
    assert outcome.result is not None
    seen = outcome.result.data
    allowed = {
        *("HOME", "TMPDIR", "LANG", "PYTORCH_NVML_BASED_CUDA_CHECK", "PYTHONHASHSEED"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "LD_LIBRARY_PATH", "LC_CTYPE"),
    }
    assert set(seen["environment"]) <= allowed
    assert seen["environment"]["HOME"] == seen["folder"]
    assert seen["limits"]["RLIMIT_CORE"] == seen["limits"]["RLIMIT_FSIZE"] == 0
    assert seen["limits"]["RLIMIT_NOFILE"] == 64
    assert seen["limits"]["RLIMIT_AS"] > QUICK.memory
    assert seen["oom"] == 800
    assert seen["descriptors"] == [0, 1, 2, 3]
    assert seen["leader"]


def test_the_same_job_gives_the_same_result(sandbox: ProcessSandbox):
    first, second = (sandbox.run(job("draw")).result for _ in range(2))
    other = sandbox.run(job("draw", seed=7)).result
    assert first is not None
    assert second is not None
    assert other is not None
    assert first.data["draws"] == second.data["draws"] != other.data["draws"]
    assert first.data["order"] == second.data["order"]
    assert first.data["pid"] != second.data["pid"]


def test_two_threads_run_side_by_side(sandbox: ProcessSandbox):
    began = time.monotonic()
    threads = [
        threading.Thread(target=sandbox.run, args=(job("sleep", seconds=2.0),)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 3.9
