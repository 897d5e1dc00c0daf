"""A path in a bucket: what pathlib can't say of objects, and fewer requests for what it can."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import BotoCoreError
from fsspec.asyn import sync  # type: ignore[import-untyped]
from s3fs.core import S3_RETRYABLE_ERRORS, S3FileSystem  # type: ignore[import-untyped]
from upath.implementations.cloud import S3Path
from upath.registry import register_implementation

from dataset_build.errors import RunError

REFUSED = ("PreconditionFailed", "ConditionalRequestConflict")
UNREACHABLE = (OSError, BotoCoreError, *S3_RETRYABLE_ERRORS)  # what is raised when requests fail in the end
TRIES = 5  # of reading a reply to its end


class Overwritten(RunError):
    """An object isn't what it was when it was read: another process wrote it meanwhile."""


class BucketPath(S3Path):
    """An object or a prefix. An object appears whole or not at all, and takes the place of the one before at once."""

    @property
    def files(self) -> S3FileSystem:
        """The file system, which repeats requests that fail and is shared by all paths that are reached alike."""
        return self.fs

    def read_bytes(self) -> bytes:
        """The object, by one request. Raises FileNotFoundError."""
        return bytes(self.files.cat_file(self.path, max_concurrency=1))

    def read_text(self, encoding: str | None = None, errors: str | None = None, newline: str | None = None) -> str:
        """The same as text."""
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")

    def stamp(self) -> str:
        """What tells this state of the object from any other (its ETag); empty when there is none."""
        try:
            return str(self.files.info(self.path)["ETag"])
        except FileNotFoundError:
            return ""

    def read_stamped(self) -> tuple[bytes, str, float]:
        """The object, its stamp, and its age in seconds by the server's own clock. Raises FileNotFoundError."""
        bucket, key, _ = self.files.split_path(self.path)
        for left in reversed(range(TRIES)):
            reply = self.files.call_s3("get_object", Bucket=bucket, Key=key)
            now = parsedate_to_datetime(reply["ResponseMetadata"]["HTTPHeaders"]["date"])
            try:
                data = bytes(sync(self.files.loop, _read, reply["Body"]))
            except S3_RETRYABLE_ERRORS:
                if not left:
                    raise
            else:
                return data, str(reply["ETag"]), (now - reply["LastModified"]).total_seconds()
        raise AssertionError

    def write_after(self, data: bytes, stamp: str) -> str:
        """Write the object if it still is what `stamp` says, empty for none. Returns its new stamp.

        A reply that is lost can't make a write that succeeded look like one that failed. Raises Overwritten.
        """
        bucket, key, _ = self.files.split_path(self.path)
        condition = {"IfMatch": stamp} if stamp else {"IfNoneMatch": "*"}
        try:
            return str(self.files.call_s3("put_object", Bucket=bucket, Key=key, Body=data, **condition)["ETag"])
        except OSError as error:
            if not _is_refused(error):
                raise
        try:
            found, now, _ = self.read_stamped()
        except FileNotFoundError:
            found, now = b"", ""
        if found != data:
            raise Overwritten(f"{self} was written by another process")
        return now

    def iterdir(self) -> Iterator[Any]:
        """What lies under the prefix, one level deep; nothing where there is nothing."""
        try:
            keys = self.files.ls(self.path, detail=False)
        except FileNotFoundError:
            return
        yield from (self / key.rsplit("/", 1)[-1] for key in keys if key != self.path)

    def glob(self, pattern: str, **how: Any) -> Iterator[Any]:
        """The same by name, by one request where the pattern is of one level."""
        if "/" in pattern:
            return iter(super().glob(pattern, **how))
        return (path for path in self.iterdir() if fnmatchcase(path.name, pattern))


register_implementation("s3", BucketPath, clobber=True)


async def _read(body: Any) -> bytes:
    async with body:
        return bytes(await body.read())


def _is_refused(error: OSError) -> bool:
    response = getattr(error.__cause__, "response", {})
    return isinstance(error, FileNotFoundError) or response.get("Error", {}).get("Code") in REFUSED
