"""The rules on captions as rows: which score each looks at, and where it rejects."""

from typing import Any

from dataset_build.config import CaptionRules


def caption_rules(rules: CaptionRules) -> list[dict[str, Any]]:
    """Every rule: reason, scorer, threshold (0: off), and whether it fails below the threshold or from it on."""
    settings: list[tuple[str, str, str, float]] = [
        ("caption_too_short", "characters", "below", rules.min_characters),
        ("out_of_band", "out_of_band", "from", rules.out_of_band),
        ("low_tag_coverage", "tag_coverage", "below", rules.min_coverage),
        ("contradicts_tags", "tags_contradicted", "from", rules.contradictions),
        ("repetition", "repetition", "from", rules.repetition),
        ("cut_off", "cut_off", "from", rules.cut_off),
        ("refusal", "refusal", "from", rules.refusal),
        ("set_phrase", "set_phrase", "from", rules.set_phrase),
        ("other_language", "english", "below", rules.language == "en"),
        ("invented_names", "names_invented", "from", rules.invented_names),
        ("near_captions", "near_images", "from", rules.near_images),
        ("low_vqascore", "vqascore", "below", rules.min_vqascore),
    ]
    return [
        {"reason": reason, "scorer": scorer, "fails": fails, "threshold": float(threshold)}
        for reason, scorer, fails, threshold in settings
    ]
