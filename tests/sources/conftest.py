"""A small source on disk and short ways to look at it."""

import io
import json
import posixpath
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from dataset_build.config import ImageLimits
from dataset_build.locations import locate
from dataset_build.sources.listing import listing
from dataset_build.sources.read import Read, read
from dataset_build.sources.scan import changes, scan
from tests.buckets import Store, running_store

Place = tuple[str, str | None]


class Source:
    """A source root; every method looks at it anew."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, Any]) -> "Source":
        """Write files: bytes and texts as they are, tables as Parquet, lists as JSON Lines, dictionaries as JSON."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded(content))
        return self

    def remove(self, *names: str) -> None:
        """Delete files."""
        for name in names:
            (self.root / name).unlink()

    def files(self, group: str | None = None) -> pa.Table:
        """The files of a group, or of the only one, as `scan` sees them."""
        found = scan(self.root)
        group = group or found.column("group")[0].as_py()
        return found.filter(pc.equal(found.column("group"), group)).drop_columns("group")

    def drop(self, known: pa.Table | None = None, group: str | None = None) -> pa.Table:
        """What is new in a group against the files known, none by default."""
        files = self.files(group)
        return changes(files, files.slice(0, 0) if known is None else known)

    def batches(self, drop: pa.Table | None = None) -> list[pa.RecordBatch]:
        return list(listing(self.root, self.drop() if drop is None else drop))

    def rows(self, drop: pa.Table | None = None) -> list[dict[str, Any]]:
        return [row for batch in self.batches(drop) for row in batch.to_pylist()]

    def statuses(self, drop: pa.Table | None = None) -> dict[Place, str | None]:
        """Status of each place in the listing."""
        return {(row["uri"], row["member"]): row["status"] for row in self.rows(drop)}

    def reads(self, drop: pa.Table | None = None, limits: ImageLimits | None = None) -> dict[Place, Read]:
        """What is read at each place."""
        found = {}
        for batch in self.batches(drop):
            for row, each in zip(batch.to_pylist(), read(self.root, batch, limits or ImageLimits()), strict=True):
                found[row["uri"], row["member"]] = each
        return found


class Bucket(Source):
    """The same in a bucket."""

    def __init__(self, store: Store) -> None:
        self.store, self.bucket = store, store.bucket()
        super().__init__(locate(f"s3://{self.bucket}/some/prefix"))

    def write(self, files: dict[str, Any]) -> "Bucket":
        """Put objects."""
        for name, content in files.items():
            self.store.put(self.bucket, posixpath.normpath(f"some/prefix/{name}"), encoded(content))
        return self

    def remove(self, *names: str) -> None:
        """Delete objects."""
        for name in names:
            self.store.client.delete_object(Bucket=self.bucket, Key=f"some/prefix/{name}")


def encoded(content: Any) -> bytes:
    if isinstance(content, pa.Table):
        buffer = io.BytesIO()
        pq.write_table(content, buffer)
        return buffer.getvalue()
    if isinstance(content, list):
        return "".join(json.dumps(line) + "\n" for line in content).encode()
    if isinstance(content, dict):
        return json.dumps(content).encode()
    return content if isinstance(content, bytes) else content.encode()


def tar_of(members: dict[str, bytes | str], **header: Any) -> bytes:
    """A tar with these members; keywords are set on the header of each."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            data = encoded(content)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for key, value in header.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Source:
    """A source that is a folder."""
    root = tmp_path / "source"
    root.mkdir()
    return Source(root)


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """An S3 API on loopback."""
    with running_store() as found:
        yield found


@pytest.fixture
def bucket(store: Store) -> Bucket:
    """A source in a bucket."""
    return Bucket(store)


@pytest.fixture(params=["folder", "bucket"])
def source(request: pytest.FixtureRequest) -> Any:
    """A source of either kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture(name="tar_of")
def _tar_of() -> Any:
    return tar_of
