"""Field names and values by which sites, datasets and trainers say the same thing.

Of several field names the first that is filled counts. Sources: the API documentation of Danbooru, Gelbooru, e621
and pixiv; the documentation of gallery-dl, waifuc, hydrus, img2dataset, kohya's sd-scripts and Hugging Face datasets.
"""

PATHS = ("file_name", "image_path", "filepath", "file_path", "local_path", "path", "filename", "image")
ADDRESSES = ("file_url", "url", "URL", "image_url", "img_url", "original_url", "source_url")
IDS = ("id", "post_id", "SAMPLE_ID", "sample_id", "uid")
DESCRIPTIONS = ("caption", "TEXT", "text", "alt_text", "alt", "description", "title")
LICENSES = ("license", "licence", "LICENSE", "license_name", "rights")

CATEGORIES = ("character", "copyright", "artist", "species", "general", "meta")
CATEGORY_NAMES = {
    "metadata": "meta",
    "creator": "artist",
    "circle": "artist",
    "series": "copyright",
    "parody": "copyright",
    "characters": "character",
}
NAMESPACES = {*CATEGORIES, "creator", "series"}

DANBOORU = ("danbooru", "aibooru")
RATINGS = {
    "g": "general", "general": "general", "s": "general", "safe": "general", "sfw": "general",
    "sensitive": "sensitive", "suggestive": "sensitive",
    "q": "questionable", "questionable": "questionable", "r15": "questionable",
    "e": "explicit", "explicit": "explicit", "nsfw": "explicit",
    "r18": "explicit", "r-18": "explicit", "r-18g": "explicit",
}  # fmt: skip
X_RESTRICT = {0: "general", 1: "explicit", 2: "explicit"}  # pixiv: all ages, R-18, R-18G
