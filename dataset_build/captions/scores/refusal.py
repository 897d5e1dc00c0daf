"""Whether an answer declines instead of describing."""

import re

_APOLOGY = r"(?:i['’]?m (?:very |really )?(?:sorry|afraid)|i apologi[sz]e|sorry|unfortunately|my apologies|apologies)"
_ABLE = r"(?:can(?:['’]?t|not| not)|won['’]?t|(?:am|['’]m) (?:not able|unable|not permitted|not allowed)|must decline)"
_TO = r"(?:assist|help|describ|provid|comply|fulfil|continue|identify|generat|creat|caption|answer|process|view|see)"
_REFUSAL = re.compile(
    rf"\W*(?:{_APOLOGY}\b.{{0,60}}?\b(?:i|but|as|this|that)\b.{{0,60}}?(?:{_ABLE}|against|not something)"
    rf"|i {_ABLE}\b.{{0,40}}?\b{_TO}|as an? (?:ai|artificial|language model|large language)\b)",
    re.IGNORECASE | re.DOTALL,
)


def is_refusal(text: str) -> bool:
    """Whether the text begins as refusals do. English only."""
    return bool(_REFUSAL.match(text[:400]))
