"""Settings: what `cambrian run` would be told by flags, said once and for all.

A flag counts before the environment (`CAMBRIAN_EVALS`), that before `cambrian.toml` in the working
directory, that before the user's own `config.toml`, and that before the defaults. Every place uses
the flags' names, with `_` for `-`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from programs.errors import InputError, closest
from runs.config import (
    CLUSTER,
    RunConfig,
    default_workers,
    parse_models,
    parse_proposers,
    plainly,
    read_config,
)
from runs.places import PREFIX, PROJECT, user_file

NOT_FLAGS = {
    *("task", "cluster", "warm_start", "lookahead", "window", "recall"),
    *("proposers", "models", "onward", "ancestors"),
}
"""What a run is configured by that no flag of the same name sets."""


def _words(value: Any) -> Any:
    """Let one string hold several names, with spaces between them."""
    return value.split() if isinstance(value, str) else value


def _here_or_there(value: Any) -> Any:
    """Let workers be a number of them here, or the address of a cluster."""
    text = str(value)
    if text.startswith(CLUSTER):
        return text
    if text.isdecimal() and int(text):
        return int(text)
    raise ValueError("Value should be a number above 0, `ray:auto` or `ray:HOST:PORT`")


Names = Annotated[list[str], NoDecode, BeforeValidator(_words)]
Workers = Annotated[int | str, BeforeValidator(_here_or_there)]

_FLAGS: dict[str, Any] = {
    **{
        name: (info.rebuild_annotation(), info.get_default(call_default_factory=True))
        for name, info in RunConfig.model_fields.items()
        if name not in NOT_FLAGS
    },
    "workers": (Workers, default_workers()),
    "proposer": (Names, []),
    "model": (Names, []),
    "fresh": (bool, False),
    "display": (Literal["live", "plain", "json", "none"], None),
    "db": (Annotated[str, Field(min_length=1)], "cambrian.db"),
}


class _Checked(BaseSettings):
    """Values as they are given: each place is asked by itself, to tell where they are from."""

    model_config = SettingsConfigDict(
        extra="forbid", env_prefix=PREFIX, env_ignore_empty=True, validate_default=False
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: Any, *_: Any, **__: Any
    ) -> tuple[Any, ...]:
        return (init_settings,)


Settings = create_model("Settings", __base__=_Checked, **_FLAGS)
"""One field for every flag that can be set."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it is from."""

    value: Any
    origin: str


def given() -> dict[str, Setting]:
    """Return what is set anywhere; `InputError` names the place and the key that is wrong."""
    found: dict[str, Setting] = {}
    for path in (user_file(), Path(PROJECT)):
        if path.exists():
            values = _from_file(path)
            found |= {name: Setting(v, str(path)) for name, v in _checked(values, path).items()}
    variables = EnvSettingsSource(Settings)()
    _refuse_misspelt(os.environ)
    for name, value in variables.items():
        variable = PREFIX + name.upper()
        found[name] = Setting(_checked({name: value}, variable)[name], variable)
    return found


def merged() -> dict[str, Setting]:
    """Return every setting, the defaults too."""
    found = given()
    values = {name: setting.value for name, setting in found.items()}
    run = {name: values[name] for name in RunConfig.model_fields if name in values}
    if isinstance(run.get("workers"), str):
        del run["workers"]  # how many they are, only the cluster knows
    config = read_config(
        task="",
        **run,
        **_named("models", parse_models(tuple(values.get("model", ())))),
        **_named("proposers", parse_proposers(tuple(values.get("proposer", ())))),
    )
    defaults: dict[str, Any] = {name: info.default for name, info in Settings.model_fields.items()}
    defaults |= {name: getattr(config, name) for name in RunConfig.model_fields if name in defaults}
    defaults["proposer"] = [f"{name}:{weight:g}" for name, weight in config.proposers.items()]
    return {name: found.get(name, Setting(value, "default")) for name, value in defaults.items()}


def _named(name: str, value: dict[str, float]) -> dict[str, Any]:
    return {name: value} if value else {}


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path} is no file, where settings are read from: give it another name.")
    try:
        return TomlConfigSettingsSource(Settings, toml_file=path).toml_data
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _checked(values: Mapping[str, Any], place: Path | str) -> dict[str, Any]:
    """Return a place's values, checked."""
    try:
        return Settings(**values).model_dump(exclude_unset=True)
    except ValidationError as error:
        wrong = error.errors()[0]
    name = str(wrong["loc"][0])
    if wrong["type"] != "extra_forbidden":
        raise InputError(f"{place}: `{name}` is wrong: {plainly(wrong)}, not {wrong['input']!r}.")
    hint = closest(name.replace("-", "_"), Settings.model_fields)
    ask = f"did you mean `{hint}`?" if hint else f"there are {', '.join(Settings.model_fields)}."
    raise InputError(f"{place}: there is no setting `{name}`: {ask}")


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    """Refuse a variable that all but names a setting; others may be somebody else's."""
    for variable in environ:
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name not in Settings.model_fields:
            hint = closest(name, Settings.model_fields)
            if hint:
                raise InputError(
                    f"There is no setting {variable}: did you mean {PREFIX}{hint.upper()}?"
                )
