"""Fingerprints: short hashes of everything that a step's result depends on, kept in clear beside it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fingerprint:
    """Code version, configuration and models of a step; two steps with equal parts give equal results."""

    parts: Mapping[str, Any]

    def __str__(self) -> str:
        """Sixteen hex digits of the sha256 of the parts."""
        return digest(self.parts)[:16]


def digest(value: Any) -> str:
    """Sha256 of a JSON value in canonical form, hex."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
