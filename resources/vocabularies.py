"""The register of vocabularies: every import is kept under the fingerprint of its content, the latest one counts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.config import Config
from dataset_build.fingerprint import Fingerprint
from dataset_build.schemas import VOCABULARY
from dataset_build.tags.vocabulary import VERSION, Kind, Site, VocabularyError, read_vocabulary
from resources.drops import slug
from resources.pieces import Piece
from resources.storage import lock, read_json, sha256_of, write_json

Import = dict[str, Any]


class Vocabularies:
    """The vocabularies of the lake at `root`."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "vocabularies"
        self.tables = root / "tables" / VOCABULARY.name

    def add(self, file: Path, name: str | None = None, kind: Kind = "tagcomplete", site: Site | None = None) -> Import:
        """Import a file, by default under the file's own name. A content that is known is not read again.

        Raises VocabularyError, naming the file.
        """
        if not file.is_file():
            raise VocabularyError(f"no file {file}")
        name = slug(name or file.stem)
        made_from = {"sha256": sha256_of(file), "kind": kind, "site": site, "code": VERSION}
        piece = self._piece(name, Fingerprint(made_from))
        with lock(self.folder / ".lock", f"importing {name}"):
            if not piece.version:
                try:
                    statements = read_vocabulary(file.read_bytes(), kind, site)
                except VocabularyError as error:
                    raise VocabularyError(f"{file}: {error}") from None
                piece.replace(statements.to_batches(), {}, {"file": file.name})
            entry = {
                "name": name,
                "fingerprint": str(piece.fingerprint),
                "file": file.name,
                "imported_at": _now(),
                **made_from,
            }
            others = [each for each in self.imports(name) if each["fingerprint"] != entry["fingerprint"]]
            write_json(self.folder / f"{name}.json", [*others, entry])
        return entry

    def imports(self, name: str) -> list[Import]:
        """The imports of a vocabulary, oldest first; the last one counts."""
        return read_json(self.folder / f"{name}.json") or []

    def all(self) -> list[Import]:
        """The import of each vocabulary that counts, by name."""
        return [self.imports(file.stem)[-1] for file in sorted(self.folder.glob("*.json"))]

    def pinned(self, name: str) -> str:
        """name@fingerprint for a name, or for a name with the beginning of a fingerprint. Raises VocabularyError."""
        name, _, prefix = name.partition("@")
        found = [each["fingerprint"] for each in self.imports(slug(name)) if each["fingerprint"].startswith(prefix)]
        if found:
            return f"{slug(name)}@{found[-1]}"
        known = ", ".join(each["name"] for each in self.all()) or "none"
        wanted = f"{name}@{prefix}" if prefix else name
        raise VocabularyError(
            f"tags.vocabularies names {wanted!r}, which the lake doesn't hold (it holds: {known}); "
            f"`dataset-build vocabulary import FILE --name {name}` imports it"
        )

    def statements(self, pin: str) -> pa.Table:
        """Rows of schemas.VOCABULARY of an import, named name@fingerprint."""
        return pa.Table.from_batches(self.piece(pin).batches(), VOCABULARY.schema)

    def piece(self, pin: str) -> Piece:
        """Where an import is kept."""
        name, _, fingerprint = pin.partition("@")
        made_from = next(each for each in self.imports(name) if each["fingerprint"] == fingerprint)
        return self._piece(name, Fingerprint({key: made_from[key] for key in ("sha256", "kind", "site", "code")}))

    def _piece(self, name: str, fingerprint: Fingerprint) -> Piece:
        return Piece(self.tables / name / str(fingerprint), VOCABULARY, fingerprint)


def with_pins(config: Config, root: Path) -> Config:
    """The configuration with each vocabulary's name pinned to an import, so that fingerprints tell them apart."""
    held = Vocabularies(root)
    pins = [held.pinned(name) for name in config.tags.vocabularies]
    return config.model_copy(update={"tags": config.tags.model_copy(update={"vocabularies": pins})})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
