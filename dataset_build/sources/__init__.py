"""From the files of a source to image bytes and their texts: folders, archives, tables and their dialects."""
