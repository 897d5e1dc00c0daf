"""Settings: when and where a build runs. None of them changes a result."""

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from dataset_build.sections.base import Section


class Nightly(Section):
    """The unattended build, run by Dagster's daemon. It starts when its schedule is switched on."""

    cron: str = Field("0 2 * * *", pattern=r"^\S+( +\S+){4}$", description="minute hour day month weekday")
    timezone: str = Field("UTC", description="of the cron line and of the release's date, such as Europe/Berlin")
    look: int = Field(300, ge=30, description="seconds between looks for new drops, where their sensor is switched on")
    notify: Literal["log", "webhook"] = Field(
        "log", description="where failed runs are told: the log, or a POST to the address in DATASET_BUILD_WEBHOOK"
    )

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no such time zone; write it as Europe/Berlin") from None
        return name


class Engine(Section):
    """Where the work on images runs. It never changes a result."""

    kind: Literal["local", "ray"] = Field("local", description="processes on this machine, or a Ray cluster")
    address: str = Field("auto", description="of the Ray cluster: auto is the one that this machine belongs to")
    workers: int = Field(0, ge=0, description="processes; 0 means one per core, of the cluster with ray")
    memory: float = Field(
        0,
        ge=0,
        description="GiB that a query may hold before it spills to disk; 0: DuckDB's own, 80 % of the machine's",
    )
