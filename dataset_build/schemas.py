"""Every table and column, declared once: name, Arrow type, meaning with unit and source.

Writers cast to these schemas, the Dagster UI shows them, and releases document themselves from them.
"""

from dataclasses import dataclass

import pyarrow as pa

TAG = pa.struct([("tag", pa.string()), ("category", pa.string())])
MERGED_TAG = pa.struct([*TAG, ("origin", pa.string())])
HASH_256 = pa.binary(32)


@dataclass(frozen=True)
class Table:
    """A table's columns and the key that no two of its rows share."""

    name: str
    doc: str
    key: tuple[str, ...]
    schema: pa.Schema

    def doc_of(self, column: str) -> str:
        """What the column means."""
        return str(self.schema.field(column).metadata[b"doc"].decode())


def _table(name: str, doc: str, key: str, *columns: tuple[str, pa.DataType, str]) -> Table:
    fields = [pa.field(column, kind, metadata={"doc": text}) for column, kind, text in columns]
    return Table(name, doc, tuple(key.split()), pa.schema(fields))


FILES = _table(
    "files",
    "One row per file of a drop, as it stood when the drop was registered.",
    "path",
    ("path", pa.string(), "path relative to the source root, with forward slashes"),
    ("size", pa.int64(), "bytes"),
    ("modified", pa.int64(), "modification time, nanoseconds since 1970"),
    ("change", pa.string(), "added | changed | vanished, against the drops before"),
)

LISTING = _table(
    "listing",
    "One row per place where image bytes are to be read: a file, or a member of an archive.",
    "uri member",
    ("uri", pa.string(), "file, relative to the source root, with forward slashes"),
    ("member", pa.string(), "name inside the archive, or row number inside a Parquet file; null for a file"),
    (
        "offset",
        pa.int64(),
        "where the bytes begin in the file; null to read it whole; the row number for Parquet",
    ),
    ("size", pa.int64(), "bytes to read"),
    ("modified", pa.int64(), "modification time of the file, nanoseconds since 1970"),
    ("status", pa.string(), "null to read it; otherwise why it can't be read, such as vanished"),
    ("reason", pa.string(), "the cause in words, where status is set"),
    (
        "sidecars",
        pa.list_(
            pa.struct([("role", pa.string()), ("uri", pa.string()), ("offset", pa.int64()), ("size", pa.int64())])
        ),
        "texts that belong to the image; role is txt | caption | json | cls; offset and size as above",
    ),
    ("metadata", pa.string(), "JSON record from a shared table (data.jsonl, metadata.csv, Parquet), or null"),
)

_OCCURRENCE = (
    ("drop", pa.string(), "the batch of source material that it came with"),
    ("uri", pa.string(), "file, relative to the source root, with forward slashes"),
    ("member", pa.string(), "name inside the archive, or row number inside a Parquet file; null for a file"),
    ("image_id", pa.string(), "sha256 of the bytes, hex; null when there are no bytes"),
    ("status", pa.string(), "ok, or why the image can't be used: see image_facts.status"),
    ("reason", pa.string(), "the cause in words, where status is not ok"),
    ("file_bytes", pa.int64(), "size of the image file, bytes"),
    ("modified", pa.timestamp("us", tz="UTC"), "modification time of the file"),
    ("source", pa.string(), "name of the source root"),
    ("source_id", pa.string(), "post id at the site it was scraped from"),
    ("source_url", pa.string(), "where it was scraped from"),
    ("alt_text", pa.string(), "description that came with it"),
    ("raw_tags", pa.list_(TAG), "tags as they were found, with the category the site gave"),
    ("rating", pa.string(), "general | sensitive | questionable | explicit; null when unknown"),
    ("license", pa.string(), "licence as stated by the source"),
    ("metadata", pa.string(), "everything else that came with it, JSON"),
)
OCCURRENCES = _table(
    "occurrences",
    "One row per place where a file was found, readable or not.",
    "drop uri member",
    *_OCCURRENCE,
)

IMAGE_FACTS = _table(
    "image_facts",
    "What was measured on each distinct image file, in one decode.",
    "image_id",
    ("image_id", pa.string(), "sha256 of the bytes, hex"),
    (
        "status",
        pa.string(),
        "ok | empty | not_an_image | unsupported_format | truncated | undecodable | too_many_pixels"
        " | too_many_bytes | timeout | crashed",
    ),
    ("reason", pa.string(), "the cause in words; a harmless oddity when status is ok"),
    ("file_bytes", pa.int64(), "size of the file, bytes"),
    ("format", pa.string(), "format by content, as Pillow names it: JPEG, PNG, WEBP …"),
    ("width", pa.int64(), "pixels, after EXIF orientation"),
    ("height", pa.int64(), "pixels, after EXIF orientation"),
    ("frames", pa.int32(), "frames or pages; facts describe the first"),
    ("mode", pa.string(), "Pillow mode as stored: RGB, L, P, CMYK, I;16 …"),
    ("has_alpha", pa.bool_(), "has transparency; facts are measured over white"),
    ("orientation", pa.int8(), "EXIF orientation 1 to 8; 1 when absent"),
    ("pixel_hash", pa.string(), "xxh3-128 of the decoded RGB pixels, hex"),
    ("decode_scale", pa.int8(), "pixels were decoded at 1/1, 1/2, 1/4 or 1/8; part of pixel_hash's meaning"),
    ("hash_whole", HASH_256, "256-bit DCT hash of the image"),
    ("hash_inside", HASH_256, "the same without its uniform border"),
    ("hash_trimmed", HASH_256, "the same without all uniform borders, one inside the other"),
    (
        "hash_crops",
        pa.binary(96),
        "the same for three crops of the trimmed image, 92.5 % of its width and height, in one",
    ),
    ("hash_informative", pa.bool_(), "false for flat images, whose hashes say nothing"),
    ("look", pa.binary(1536), "the trimmed image small: 32 × 32 grey levels, 16 × 16 of Cb, 16 × 16 of Cr, bytes"),
    ("phash", pa.string(), "ImageHash's 64-bit phash, hex"),
    ("sharpness", pa.float32(), "variance of the Laplacian of the grey image at 256 px shorter side"),
    ("brightness", pa.float32(), "mean grey level, 0 to 1"),
    ("contrast", pa.float32(), "standard deviation of the grey level, 0 to 1"),
    ("entropy", pa.float32(), "entropy of the grey histogram, bits, 0 to 8"),
    ("greyscale", pa.bool_(), "no pixel has colour, within JPEG's tolerance"),
    ("border", pa.float32(), "share of the area that is a uniform border, 0 to 1"),
    ("flat_tail", pa.float32(), "share of the height, at the bottom, that is padding after an early end, 0 to 1"),
    ("torn_rows", pa.int16(), "rows of 8 × 8 blocks that break with what is above; null where reduced too much to see"),
)

TEXT_BOX = pa.struct(
    [
        ("x0", pa.float32()), ("y0", pa.float32()), ("x1", pa.float32()), ("y1", pa.float32()),
        ("score", pa.float32()), ("text_score", pa.float32()), ("characters", pa.int32()), ("is_text", pa.bool_()),
    ]
)  # fmt: skip
TEXT_REGIONS = _table(
    "text_regions",
    "The text in each decoded image: where it stands and how much of the image it takes. Empty when detection is off.",
    "image_id",
    ("image_id", pa.string(), "sha256 of the bytes, hex"),
    ("status", pa.string(), "ok, or why there is no measurement: changed, or as in occurrences and image_facts"),
    ("reason", pa.string(), "the cause in words, where status is not ok"),
    ("text_area", pa.float32(), "share of the area under lines of text, 0 to 1; null unless status is ok"),
    (
        "boxes",
        pa.list_(TEXT_BOX),
        "upright boxes around line-shaped parts, largest first: left, top, right, bottom as shares of width and height;"
        " the detector's score, 0 to 1; of the six largest also the mean probability and number of the characters"
        " read, and whether it counts as text",
    ),
)

VOCABULARY = _table(
    "vocabulary",
    "Every statement of an imported vocabulary, in the order of the file; those with a reason are not used.",
    "line kind written target",
    ("line", pa.int64(), "line of the file, from 1"),
    ("kind", pa.string(), "name | alias | implication; row where the line could not be read as any"),
    ("written", pa.string(), "the tag as the file has it; for a row the line, cut to 200 characters"),
    ("tag", pa.string(), "the same, folded"),
    ("target", pa.string(), "the tag that an alias stands for, or that is implied; folded"),
    ("category", pa.string(), "general | artist | copyright | character | meta | species …; of names only"),
    ("posts", pa.int64(), "pictures at the site; null when not a number"),
    ("reason", pa.string(), "why it is not used: several_tags, is_a_name, cycle, not_utf8 …; null when it is used"),
)

TAG_VOCABULARY = _table(
    "tag_vocabulary",
    "What becomes of each known spelling, by the vocabularies and rules of the configuration.",
    "spelling",
    ("spelling", pa.string(), "folded spelling"),
    ("tag", pa.string(), "the tag it stands for, which stands for itself"),
    ("category", pa.string(), "category of the tag; null when no vocabulary says"),
    ("vocabulary", pa.string(), "the vocabulary that knows the tag, or rename; null when it is only blacklisted"),
    ("origin", pa.string(), "given | alias | renamed: how the spelling comes to its tag"),
    ("implied", pa.list_(pa.string()), "every tag that the tag implies, transitively, blacklisted ones apart"),
    ("blacklisted", pa.bool_(), "the tag is on the blacklist"),
    ("reason", pa.string(), "what was left undone: alias_cycle | implication_cycle | too_many_implied"),
)

TAGS = _table(
    "tags",
    "The tags of each image: folded to one spelling, aliases resolved, categories from the vocabulary.",
    "image_id tag",
    ("image_id", pa.string(), "sha256 of the bytes, hex"),
    ("tag", pa.string(), "lower case, words joined by underscores"),
    ("category", pa.string(), "general | artist | copyright | character | meta | species …"),
    ("origin", pa.string(), "given (it came with the image) | alias | renamed | implied"),
    ("vocabulary", pa.string(), "the vocabulary that knows it; null for an unknown tag"),
    ("rank", pa.int32(), "position at which it was first given, from 0"),
)

TAG_PAIRS = _table(
    "tag_pairs",
    "How much more often two tags stand together than chance would have it, over surviving images.",
    "tag_a tag_b",
    ("tag_a", pa.string(), "the tag that sorts first"),
    ("tag_b", pa.string(), "the other"),
    ("images", pa.int64(), "images with both"),
    ("images_a", pa.int64(), "images with tag_a"),
    ("images_b", pa.int64(), "images with tag_b"),
    ("npmi", pa.float64(), "normalised pointwise mutual information, -1 to 1 (Bouma 2009); 1: never apart"),
)

_VERDICT = (
    ("image_id", pa.string(), "the rejected image"),
    ("stage", pa.string(), "the rule's stage, such as size"),
    ("reason", pa.string(), "the rule that failed, such as too_small"),
    ("value", pa.float64(), "what was measured; null when the rule is not about a number"),
    ("threshold", pa.float64(), "what it was held against"),
)
IMAGE_VERDICTS = _table(
    "image_verdicts",
    "Images that fail a rule of their own; all rules that fail.",
    "image_id reason",
    *_VERDICT,
)
CORPUS_VERDICTS = _table(
    "corpus_verdicts",
    "Images that fail a rule about the whole corpus: being a duplicate, or a rule of sql/rules/ that was chosen.",
    "image_id reason",
    *_VERDICT,
)
RULE_FAILURES = CORPUS_VERDICTS.schema.remove(1)  # what a rule of sql/rules/ gives: its stage is always corpus
_RULE = (
    ("reason", pa.string(), "the rule that failed, such as cut_off"),
    ("value", pa.float64(), "the caption's score"),
    ("threshold", pa.float64(), "what it was held against"),
)
CAPTION_SCORES = _table(
    "caption_scores",
    "What is measured on each caption written from the present texts, one row per score.",
    "caption_id input_hash scorer",
    ("caption_id", pa.string(), "the caption"),
    ("input_hash", pa.string(), "hash of the tags and alt texts that it was held against"),
    (
        "scorer",
        pa.string(),
        "characters | words | tokens | out_of_band | tag_coverage | tags_contradicted | repetition | cut_off | refusal"
        " | set_phrase | english | names_invented | vqascore",
    ),
    ("value", pa.float64(), "a number or a share, 0 to 1; 1 for true and 0 for false"),
)
CAPTION_FAILURES = _table(
    "caption_failures",
    "Captions that could be shown and fail a rule; all rules that fail.",
    "caption_id reason",
    ("caption_id", pa.string(), "the caption"),
    ("image_id", pa.string(), "the image it describes"),
    *_RULE,
)
CAPTION_VERDICTS = _table("caption_verdicts", "Images whose captions fail a rule.", "image_id reason", *_VERDICT)

IMAGE_EMBEDDINGS = _table(
    "image_embeddings",
    "What a CLIP model makes of each decoded image. Empty when no model is configured.",
    "image_id",
    ("image_id", pa.string(), "sha256 of the bytes, hex"),
    ("status", pa.string(), "ok, or why there is no embedding: changed, or as in occurrences and image_facts"),
    ("reason", pa.string(), "the cause in words, where status is not ok"),
    ("embedding", pa.list_(pa.float32()), "of length 1; empty unless status is ok"),
    ("masked", pa.list_(pa.float32()), "the same with text painted over; empty where there is none"),
)

TEXT_EMBEDDINGS = _table(
    "text_embeddings",
    "What the CLIP model makes of each alt text that an image had after duplicates were removed.",
    "text",
    ("text", pa.string(), "the alt text"),
    ("embedding", pa.list_(pa.float32()), "of length 1"),
)

EMBEDDING_PAIRS = _table(
    "embedding_pairs",
    "Pairs of images whose embeddings are close, up to duplicates.widest_embedding.",
    "image_id_a image_id_b",
    ("image_id_a", pa.string(), "the smaller id of the two"),
    ("image_id_b", pa.string(), "the larger id of the two"),
    ("cosine", pa.float32(), "of the two embeddings, to six places"),
)

IMAGE_CLUSTERS = _table(
    "image_clusters",
    "Which cluster of embeddings each image belongs to that is left after duplicates were removed.",
    "image_id",
    ("image_id", pa.string(), "sha256 of the bytes, hex"),
    ("cluster", pa.int32(), "number of its cluster, from 0"),
)

DUPLICATE_PAIRS = _table(
    "duplicate_pairs",
    "Pairs of images that look alike, up to the widest radius; those of equal pixels are a class, linked to one of it.",
    "image_id_a image_id_b",
    ("image_id_a", pa.string(), "the smaller id of the two"),
    ("image_id_b", pa.string(), "the larger id of the two"),
    ("method", pa.string(), "pixels: equal pixels | hash: near hashes | dihedral: near once mirrored or turned"),
    ("distance", pa.int16(), "bits of 256 that differ, the least over the views; 0 for equal pixels"),
    ("correlation", pa.float32(), "of the two looks, aligned, -1 to 1; null unless method is hash"),
    ("recoloured", pa.float32(), "colour difference of the two looks, levels of 255; null as above"),
    ("redrawn", pa.float32(), "largest local difference of the two looks, levels of 255; null as above"),
)
FASTDUP_PAIRS = _table(
    "fastdup_pairs",
    "Pairs of surviving images that look alike to fastdup, for comparison only; empty unless it is switched on.",
    "image_id_a image_id_b",
    *((f.name, f.type, f.metadata[b"doc"].decode()) for f in DUPLICATE_PAIRS.schema if f.name[:8] == "image_id"),
    ("method", pa.string(), "fastdup"),
    ("distance", pa.int16(), "null: fastdup compares no bits"),
    ("correlation", pa.float32(), "cosine similarity of fastdup's features, -1 to 1"),
    ("recoloured", pa.float32(), "null"),
    ("redrawn", pa.float32(), "null"),
)
DUPLICATES = _table(
    "duplicates",
    "Stars of duplicates: each member was claimed by its keeper. Images in no star are absent.",
    "image_id",
    ("image_id", pa.string(), "a member, the keeper included"),
    ("keeper", pa.string(), "the image that stands for the star, and names it"),
    ("method", pa.string(), "keeper | pixels | hash | dihedral | embedding"),
    ("distance", pa.int16(), "to the keeper: bits of 256; thousandths of cosine distance where method is embedding"),
)

IMAGE_TEXTS = _table(
    "image_texts",
    "What is known in words about each image that is left after duplicates, merged from its duplicates.",
    "image_id",
    ("image_id", pa.string(), "an image that no other stands for"),
    ("tags", pa.list_(MERGED_TAG), "merged tags, by category, then as tags.order says"),
    ("alt_texts", pa.list_(pa.string()), "distinct descriptions, longest first"),
    ("source_urls", pa.list_(pa.string()), "distinct addresses, in order"),
    ("ratings", pa.list_(pa.string()), "distinct ratings, strictest first"),
    ("merged_from", pa.list_(pa.string()), "the images whose texts are in it, itself included, in order"),
)

CAPTIONS = _table(
    "captions",
    "Every caption ever written, with its provenance.",
    "caption_id",
    ("caption_id", pa.string(), "sha256 of image id, recipe, variant, fingerprint, input hash and n, hex"),
    ("image_id", pa.string(), "the image it describes"),
    ("recipe", pa.string(), "the program that wrote it"),
    ("variant", pa.string(), "which of the recipe's outputs it is, such as short"),
    ("fingerprint", pa.string(), "hash of recipe code, configuration, prompts and model"),
    ("n", pa.int32(), "number among the samples of one variant, from 0"),
    ("input_hash", pa.string(), "hash of the texts that it was written from"),
    ("caption", pa.string(), "the text; null unless status is ok"),
    (
        "status",
        pa.string(),
        "ok | empty | refusal | truncated | parse_error | too_long | rejected_image | timeout | server_error",
    ),
    ("model", pa.string(), "the model, or compose when no model was asked"),
    ("model_revision", pa.string(), "revision of the model; null without one"),
    ("prompt_hash", pa.string(), "sha256 of the file of the prompt that wrote it; null without one"),
    ("params", pa.string(), "sampling parameters, JSON"),
    ("seed", pa.int64(), "sampling seed"),
    (
        "tokens_in",
        pa.int32(),
        "tokens read by models; a call counts once, in the row that it wrote, else in the first of the image",
    ),
    ("tokens_out", pa.int32(), "tokens written by models, counted likewise"),
    ("attempt", pa.int32(), "from 1"),
    ("final", pa.bool_(), "false when it is to be tried again"),
    ("parent", pa.string(), "the caption that this one replaces or was made from"),
    ("trace", pa.string(), "the steps that led to it, JSON"),
    ("created_at", pa.timestamp("us", tz="UTC"), "when it was written"),
)

TAKEDOWNS = _table(
    "takedowns",
    "What must be in no release, as people said; rows are only ever added.",
    "number",
    ("number", pa.int64(), "from 1, in the order of arrival"),
    ("kind", pa.string(), "image | phash | source_id | url; lift ends another one"),
    ("value", pa.string(), "image id, phash (hex), post id, pattern of addresses (glob), or the number that is lifted"),
    ("phash", pa.string(), "ImageHash's 64-bit phash, hex; of an image as far as it was known"),
    ("radius", pa.int16(), "bits of 64 by which images may differ from phash and are taken down too"),
    ("reason", pa.string(), "why, in words; releases show it"),
    ("added_at", pa.timestamp("us", tz="UTC"), "when it was said"),
)
OVERRIDES = _table(
    "overrides",
    "What people decided about single images; rows are only ever added, the latest on each image counts.",
    "number",
    ("number", pa.int64(), "from 1, in the order of arrival"),
    ("image_id", pa.string(), "the image"),
    ("verdict", pa.string(), "keep | reject | clear, which leaves it to the rules again"),
    ("reason", pa.string(), "why, in words; releases show it"),
    ("added_at", pa.timestamp("us", tz="UTC"), "when it was said"),
)

_FAILURE = pa.struct(
    [("stage", pa.string()), ("reason", pa.string()), ("value", pa.float64()), ("threshold", pa.float64())]
)

RELEASE_IMAGES = _table(
    "images",
    "One row per kept image, with its caption, its tags and its facts.",
    "image_id",
    ("image_id", pa.string(), "sha256 of the bytes, hex"),
    ("caption", pa.string(), "the chosen caption"),
    ("caption_recipe", pa.string(), "the recipe that wrote it"),
    ("caption_model", pa.string(), "the model that wrote it"),
    ("tags", pa.list_(pa.string()), "tags by category, then as tags.order says"),
    ("tag_string", pa.string(), "the same, joined by spaces"),
    ("rating", pa.string(), "the strictest rating of its copies"),
    ("alt_text", pa.string(), "the longest description of its copies"),
    ("source", pa.string(), "name of the source root"),
    ("drop", pa.string(), "the drop that it is read from"),
    ("uri", pa.string(), "file, relative to the source root"),
    ("member", pa.string(), "name inside the archive; null for a file"),
    ("source_id", pa.string(), "post id at the site"),
    ("url", pa.string(), "where it was scraped from"),
    ("license", pa.string(), "licence as stated by the source"),
    ("file_bytes", pa.int64(), "size of the file, bytes"),
    *((c, IMAGE_FACTS.schema.field(c).type, IMAGE_FACTS.doc_of(c)) for c in (
        "format", "width", "height", "frames", "mode", "has_alpha", "orientation", "phash", "pixel_hash",
        "sharpness", "brightness", "contrast", "entropy", "greyscale", "border",
    )),
    ("text_area", pa.float32(), "share of the area under lines of text, 0 to 1; null where it was not measured"),
    ("clip_score", pa.float32(), "cosine of the picture and its best alt text; null where it was not measured"),
    ("alignment_level", pa.int8(), "the same in 8 levels of equal width over the release's images, 8 is best (NoC)"),
    ("duplicates", pa.int32(), "images that were merged into it"),
)  # fmt: skip
RELEASE_REJECTS = _table(
    "rejects",
    "One row per occurrence left out, with the first rule that it failed and all others.",
    "drop uri member",
    ("drop", pa.string(), "the drop that it came with"),
    ("uri", pa.string(), "file, relative to the source root"),
    ("member", pa.string(), "name inside the archive; null for a file"),
    ("source", pa.string(), "name of the source root"),
    ("image_id", pa.string(), "sha256 of the bytes; null when there are none"),
    ("stage", pa.string(), "the first stage that it failed"),
    ("reason", pa.string(), "the rule that it failed there"),
    ("detail", pa.string(), "the cause in words, where there is one"),
    ("value", pa.float64(), "what was measured"),
    ("threshold", pa.float64(), "what it was held against"),
    ("duplicate_of", pa.string(), "the image that stands for it"),
    ("failures", pa.list_(_FAILURE), "every rule that it failed, in the order of the stages"),
)
RELEASE_CAPTIONS = _table(
    "captions",
    "Every caption of the kept images.",
    "caption_id",
    *((field.name, field.type, CAPTIONS.doc_of(field.name)) for field in CAPTIONS.schema if field.name != "created_at"),
    (
        "failures",
        pa.list_(pa.struct([(name, kind) for name, kind, _ in _RULE])),
        "rules on captions that it fails; a release shows one that fails none",
    ),
)
RELEASE_TAGS = _table(
    "tags",
    "The merged tags of the kept images, one row each.",
    "image_id tag",
    ("image_id", pa.string(), "a kept image"),
    ("tag", pa.string(), "lower case, words joined by underscores"),
    ("category", pa.string(), "general | artist | copyright | character | meta | species …"),
    ("origin", pa.string(), "given (it came with the image) | alias | renamed | implied"),
    ("rank", pa.int32(), "position in the image's tag list, from 0"),
)
RELEASE_LINEAGE = _table(
    "lineage",
    "The story of every image that was seen, kept or not.",
    "image_id",
    ("image_id", pa.string(), "sha256 of the bytes, hex"),
    ("kept", pa.bool_(), "it is in images"),
    (
        "occurrences",
        pa.list_(pa.struct([("drop", pa.string()), ("uri", pa.string()), ("member", pa.string())])),
        "every place where it was found, in the order of the drops",
    ),
    ("failures", pa.list_(_FAILURE), "every rule that it failed, in the order of the stages"),
    (
        "verdicts",
        pa.list_(pa.struct([("stage", pa.string()), ("verdict", pa.string())])),
        "of every stage: passed | rejected | not_judged",
    ),
    ("takedown", pa.int64(), "number of the take-down that it falls under"),
    ("override", pa.string(), "keep | reject, where people decided"),
    ("by_hand", pa.string(), "the words of the take-down, else of the override"),
    ("duplicate_of", pa.string(), "the image that stands for it"),
    (
        "duplicate_distance",
        pa.int16(),
        "bits of 256 between the two; null where embeddings say it, whose cosine is among the failures",
    ),
    ("merged", pa.list_(pa.string()), "the duplicates merged into it"),
    ("caption_id", pa.string(), "the chosen caption"),
    ("caption_model", pa.string(), "its model"),
    ("caption_prompt_hash", pa.string(), "its prompt"),
    ("caption_fingerprint", pa.string(), "its fingerprint"),
    ("caption_parent", pa.string(), "the caption that it was made from"),
)

LAKE_TABLES = (
    LISTING, OCCURRENCES, IMAGE_FACTS, TEXT_REGIONS, IMAGE_EMBEDDINGS, TAG_VOCABULARY, TAGS, IMAGE_VERDICTS,
    DUPLICATE_PAIRS, EMBEDDING_PAIRS, DUPLICATES, TAG_PAIRS, IMAGE_TEXTS, TEXT_EMBEDDINGS, IMAGE_CLUSTERS,
    CORPUS_VERDICTS, CAPTIONS, CAPTION_SCORES, CAPTION_FAILURES, CAPTION_VERDICTS, TAKEDOWNS, OVERRIDES,
)  # fmt: skip
SIDE_TABLES = (FASTDUP_PAIRS,)  # made when asked for, beside the build; no release depends on them
RELEASE_TABLES = (RELEASE_IMAGES, RELEASE_CAPTIONS, RELEASE_TAGS, RELEASE_REJECTS, RELEASE_LINEAGE)
