"""How Dagster's S3 resource and a lake in a bucket agree on endpoint, region, keys and retries."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dataset_build.config import S3
from dataset_build.locations import bucket_path

if TYPE_CHECKING:
    from dagster_aws.s3 import S3Resource


def s3_resource(settings: S3) -> "S3Resource":
    """dagster-aws's resource as configured; keys are left to the environment."""
    from dagster_aws.s3 import S3Resource

    return S3Resource(
        endpoint_url=settings.endpoint_url or None,
        region_name=settings.region or None,
        max_attempts=settings.attempts,
    )


def through(lake: Path, resource: "S3Resource") -> Path:
    """The same place in a bucket, reached as the resource says; timeouts and connections stay as they were."""
    s3 = resource.process_config_and_initialize()
    before: dict[str, Any] = dict(cast(Any, lake).storage_options)
    waits = {**before.get("config_kwargs", {}), "retries": {"mode": "standard", "total_max_attempts": s3.max_attempts}}
    given = {
        "endpoint_url": s3.endpoint_url,
        "client_kwargs": {k: v for k, v in (("region_name", s3.region_name), ("verify", s3.verify)) if v is not None},
        "config_kwargs": waits,
        "use_ssl": s3.use_ssl,
        "anon": s3.use_unsigned_session,
        "profile": s3.profile_name,
        "key": s3.aws_access_key_id,
        "secret": s3.aws_secret_access_key,
        "token": s3.aws_session_token,
    }
    return bucket_path(str(lake), {**before, **given})
