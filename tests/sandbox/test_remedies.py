"""For every tier that is not to be had, `cambrian doctor` says why and what would help."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs import doctor
from sandbox import tiers
from sandbox.tiers import Finding


@pytest.mark.parametrize(
    ("tier", "why", "advice"),
    [
        ("namespaces", "it could not read Python's own files as nobody", "not in /root"),
        ("landlock", "it could not read Python's own files as nobody", "not in /root"),
        ("namespaces", "no user namespace: Operation not permitted", "docker run --security-opt"),
        ("namespaces", "no /proc of its own", "systempaths=unconfined"),
        ("landlock", "the kernel has no Landlock", "lsm=landlock"),
        ("strict", "no seccomp", "allow seccomp in the container"),
    ],
)
def test_each_reason_has_its_advice(
    tier: str, why: str, advice: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tiers, "_SETTINGS", tmp_path)  # a system whose switches forbid nothing
    assert advice in tiers._remedy(tier, why)


@pytest.mark.parametrize(
    ("switch", "shut", "command"),
    [
        ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
        ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ],
)
def test_a_switch_that_is_off_is_named_with_the_command(
    switch: str, shut: str, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    setting = tmp_path / switch
    setting.parent.mkdir(parents=True)
    setting.write_text(shut + "\n")
    monkeypatch.setattr(tiers, "_SETTINGS", tmp_path)
    assert command in tiers._remedy("namespaces", "no user namespace")
    setting.write_text("7\n")
    assert command not in tiers._remedy("namespaces", "no user namespace")


def test_elsewhere_than_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers.sys, "platform", "darwin")
    finding = tiers.probe.__wrapped__("strict")
    assert not finding.works
    assert "Linux VM" in finding.remedy


@pytest.mark.parametrize("place", range(len(tiers.SAFE) + 1))
def test_doctor_explains_every_tier_above_the_one_in_force(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = [
        Finding(tier, n >= place, "" if n >= place else f"no {tier}", "" if n >= place else "ask")
        for n, tier in enumerate(tiers.SAFE)
    ]
    monkeypatch.setattr(doctor, "survey", lambda: iter(findings))
    said = dict(doctor._better_than((*tiers.SAFE, "process")[place]))
    assert said == {f"isolation by {t}": f"not here: no {t}; ask" for t in tiers.SAFE[:place]}
