"""DuckDB's way to the objects of a bucket: the extension httpfs, with the endpoint and the keys that s3fs has."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from dataset_build.errors import RunError
from dataset_build.locations import store
from dataset_build.release.database import literal

NEEDED = "DuckDB needs its extension httpfs for a lake in a bucket: pip install 'dataset-build[s3]'"
WAIT = 100  # milliseconds before the second try of a request; each wait after it is twice as long


def reach(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Let a connection read what lies in the bucket of `root`, and nothing else by our keys. Raises RunError.

    Requests that fail are repeated as often, and replies awaited as long, as s3fs does.
    """
    _load(connection)
    files, _ = store(root)
    waits = files.config_kwargs
    connection.execute("set http_timeout = $1", [max(1, round(waits["read_timeout"]))])
    connection.execute("set http_retries = $1", [waits["retries"]["total_max_attempts"]])
    connection.execute("set http_retry_wait_ms = $1", [WAIT])
    connection.execute("set http_retry_backoff = 2")
    try:
        connection.execute(f"create secret lake ({', '.join(_secret(files, root))})")
    except duckdb.Error:
        raise RunError(f"{root}: DuckDB doesn't take the keys or the endpoint of the environment") from None


def _load(connection: duckdb.DuckDBPyConnection) -> None:
    """From the package that brings it, else from where it was or can be installed."""
    brought = find_spec("duckdb_extension_httpfs")
    file = next(Path(brought.origin).parent.glob(f"extensions/v{duckdb.__version__}/*"), None) if brought else None
    try:
        if file:
            connection.load_extension(str(file))
        else:
            connection.install_extension("httpfs")
            connection.load_extension("httpfs")
    except duckdb.Error as error:
        raise RunError(f"{NEEDED} ({str(error).splitlines()[0]})") from error


def _secret(files: Any, root: Path) -> list[str]:
    """The entries of a DuckDB secret."""
    client = files.connect()
    endpoint, keys = urlsplit(client.meta.endpoint_url), _keys(files)
    is_aws = (endpoint.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
    entries = {
        "region": client.meta.region_name or "us-east-1",
        "endpoint": endpoint.netloc + endpoint.path.rstrip("/"),
        "url_style": "vhost" if is_aws else "path",
        "scope": "/".join(str(root).split("/")[:3]) + "/",
        **({} if keys is None else {"key_id": keys[0], "secret": keys[1], "session_token": keys[2] or ""}),
    }
    given = [f"{name} {literal(value)}" for name, value in entries.items() if value]
    return ["type s3", f"use_ssl {str(endpoint.scheme == 'https').lower()}", *given]


def _keys(files: Any) -> tuple[str, str, str | None] | None:
    """Key, secret and token as they are now; none for buckets that everybody can read."""
    from fsspec.asyn import sync

    if files.anon:
        return None
    if files.key:
        return files.key, files.secret, files.token

    async def found() -> Any:
        keys = await files.session.get_credentials()
        return await keys.get_frozen_credentials() if keys else None

    keys = sync(files.loop, found)
    return (keys.access_key, keys.secret_key, keys.token) if keys else None
