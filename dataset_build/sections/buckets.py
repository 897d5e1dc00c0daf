"""Settings: how buckets are reached. None of them changes a result, and none of them is a secret."""

from pydantic import Field, field_validator

from dataset_build.sections.base import Section, refuse_bad_address


class S3(Section):
    """Buckets of S3, and of servers that speak its language. Keys are never written here: they are taken from the
    environment, from ~/.aws or from the machine's role, as AWS's own tools take them."""

    endpoint_url: str = Field("", description="server; empty: AWS_ENDPOINT_URL, else AWS itself")
    region: str = Field("", description="empty: AWS_REGION or AWS_DEFAULT_REGION, else what ~/.aws/config says")
    attempts: int = Field(
        6,
        ge=1,
        le=20,
        description="tries of a request that ends in 5xx, a timeout or a cut connection; waits double",
    )
    connect_timeout: float = Field(10, gt=0, description="seconds until a connection must stand")
    read_timeout: float = Field(30, gt=0, description="seconds that a reply may pause")
    connections: int = Field(32, ge=1, le=1000, description="open at a time, in each process")

    @field_validator("endpoint_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if url:
            refuse_bad_address(url)
        return url.rstrip("/")
