"""What the UI shows of captions: how each recipe writes, what the rules reject, histograms of scores."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.report import by_reason, drawn, table
from dataset_build.captions.rules import caption_rules
from dataset_build.captions.scores.style import style_report
from dataset_build.release.card import escape
from resources.lake import Lake
from resources.pieces import Piece

SHARES = ("article", "full_stop", "lower_case", "set_phrase")
STYLES = ("recipe", "variant", "captions", "words", *SHARES, "commonest openings")
DRAWN = {"words": "words", "tag_coverage": "share of tags said", "repetition": "share of repeated runs of words"}
OPENINGS = 3


def caption_styles(lake: Lake) -> Iterator[tuple[object, ...]]:
    """A row of STYLES for each variant of a recipe, over a sample of its captions."""
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in lake.table("style_sample").to_pylist():
        said[row["recipe"], row["variant"]].append(row["caption"])
    for (recipe, variant), texts in said.items():
        style: dict[str, Any] = dict(style_report(texts))
        openings = "; ".join(f"{escape(words)} {count}" for words, count in style["openers"][:OPENINGS])
        shares = (f"{style[share]:.0%}" for share in SHARES)
        yield escape(recipe), escape(variant), len(texts), f"{style['words']:.1f}", *shares, openings


def failure_metadata(lake: Lake, piece: Piece) -> dict[str, Any]:
    """Captions by the rule that they fail, and histograms of scores with the thresholds of their rules."""
    failed = [row for batch in piece.batches() for row in batch.to_pylist()]
    counts = [(reason, count) for _, reason, count in by_reason({"stage": "", **row} for row in failed)]
    scores = lake.table("score_measures", scorers=list(DRAWN))
    return {
        "candidates": lake.count("candidate_captions"),
        "failing": len({row["caption_id"] for row in failed}),
        "by_reason": table(("reason", "captions"), counts),
        **{scorer: _histogram(lake, scores, scorer, title) for scorer, title in DRAWN.items()},
    }


def _histogram(lake: Lake, scores: pa.Table, scorer: str, title: str) -> dg.MetadataValue:
    rules = {rule["scorer"]: rule for rule in caption_rules(lake.config.caption_rules)}
    rule = rules.get(scorer, {"threshold": 0.0, "fails": "below"})
    values = scores.filter(pc.equal(scores["scorer"], scorer))
    return drawn(
        values, "value", title, rule["threshold"], "below" if rule["fails"] == "below" else "above", "captions"
    )
