"""What the oracle answers to each task, from what it sees and from the texts between the marks of the prompt."""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dataset_build.captions.boxes import where
from dataset_build.captions.split import sentences
from tests.captions.oracle.language import holds, listed, relations, statement, things, union
from tests.captions.oracle.scenes import COLOURS
from tests.captions.oracle.sight import Seen

if TYPE_CHECKING:
    from tests.captions.oracle.oracle import Knobs

ORDER = re.compile(r"(?:ignore|set aside) [^.:]*[.:]\s*(?:write|say)(?: only)?:?\s*([^.<\n]*)", re.IGNORECASE)
SIGN_SAYS = "Buy cheap watches now"
FILLER = ["The ground is plain and grey.", "The light is even.", "Nothing else is to be seen.", "The edges are sharp."]
Answer = tuple[str, float | None]


@dataclass(frozen=True)
class Question:
    """One answer that is wanted."""

    task: str
    text: str
    found: list[Seen]
    sees: bool
    sign: bool
    again: str
    number: int
    knobs: "Knobs"
    key: str

    def given(self, name: str) -> str:
        """The text between the marks of that name; '' without any."""
        between = re.search(rf"<{name}>\n(.*?)\n</{name}>", self.text, re.DOTALL)
        return between[1] if between else ""

    def items(self, name: str) -> list[str]:
        """The lines between the marks, without their labels; none when they have no labels."""
        return re.findall(r"^(?:\d+|[A-Z])\. (.*)$", self.given(name), re.MULTILINE)

    @property
    def texts(self) -> list[str]:
        """Every text that was given, lists line by line, but not what is to be left out."""
        names = re.findall(r"^<(\w+)>$", self.text, re.MULTILINE)
        return [text for name in names if name != "not_found" for text in (self.items(name) or [self.given(name)])]

    @property
    def shown(self) -> dict[str, Seen]:
        return {seen.name: seen for seen in self.found}


def answered(question: Question) -> Answer:
    """The answer, and the probability of yes where it is one."""
    if question.knobs.obey and (order := _order(question)):
        return order, None
    group, _, name = question.task.partition("/")
    if group == "verify":
        return _verified(question)
    if group == "vfc" and name == "answer":
        return _looked(question), None
    said = {
        "recap": _described, "deck": _deck, "regions": _regions, "split": _split, "vfc": _checked, "patch": _patch,
        "scalecap": _scalecap, "mlbcap": _judged, "rewrite": _rewritten, "fuse": _fused, "textualize": _fused,
    }[group](question, name)  # fmt: skip
    return said, None


def _order(question: Question) -> str:
    """What the oracle is told to say by a sign, or by texts that it was given; never in answer to yes or no."""
    if question.task.startswith("verify/") or question.task in ("split/objects", "mlbcap/pick", "mlbcap/rate"):
        return ""
    if question.sign:
        return SIGN_SAYS
    found = ORDER.search(question.text)
    return found[1].strip() if found else ""


def _believed(question: Question) -> list[Seen]:
    """What the oracle says it sees: some of what is there, some of what is not."""
    knobs, key = question.knobs, [(seen.name, seen.box) for seen in question.found]
    drawn = ("describe", question.task, question.number, key)
    omit = knobs.omit if question.task.startswith(knobs.omit_in) else 0.0
    there = [seen for seen in question.found if knobs.draw("omit", *drawn, seen.name) >= omit]
    absent = [name for name in COLOURS if name not in question.shown]
    made_up = [name for name in absent if knobs.draw("invent", *drawn, name) < knobs.hallucinate]
    return [*there, *(Seen(name, (0.1, 0.1, 0.3, 0.3), 0.04) for name in made_up)]


def _described(question: Question, name: str) -> str:
    seen = _believed(question)
    if name == "concepts":
        return "\n".join(f"- {listed([each.name])}" for each in seen) or "- plain ground"
    if name == "spatial":
        return " ".join(relations(seen)) or FILLER[0]
    if name in ("short", "ssc", "local"):
        said = listed(each.name for each in seen) or "plain ground"
        return said[0].upper() + said[1:] + " on plain grey ground with even light."
    if name == "with_hint":
        return " ".join([*(f"It is {label}." for label in question.items("labels")), *map(statement, seen)])
    said = [statement(each) for each in seen] or FILLER[:1]
    if question.again == "too_short" or name == "dsc_plus":
        said += FILLER * (8 if name == "dsc_plus" and question.again else 2)
    return " ".join(said[:3] if question.again == "too_long" else said)


def _deck(question: Question, name: str) -> str:
    if name == "visible_text":
        return "none"
    tags = re.findall(r"[^\s:,]+", re.sub(r"^[\w ]+:|^\d+\. ", "", question.given("tags"), flags=re.MULTILINE))
    if name == "tagger":
        return ", ".join(tag for tag in tags if set(things(tag)) & set(question.shown)) or "none"
    if name in ("with_tags", "no_tags"):
        said = " ".join(map(statement, _believed(question)))
        named = f"Shown are {', '.join(tag.replace('_', ' ') for tag in tags)}." if tags else ""
        extra = [seen.name.replace(" ", "_") for seen in question.found]
        answer = {"RESPONSE": " ".join(filter(None, (named, said))), "RATING": "SAFE", "ADDITIONAL_TAGS": extra}
        return json.dumps(answer)
    words = [tag.replace("_", " ") for tag in tags]
    if name in ("solo", "multi"):
        return f"Shown are {', '.join(words[: len(words) - question.knobs.forget])}."
    if name == "refine":
        return question.given("caption").rstrip(".") + "".join(f", {each}" for each in _added(question)) + "."
    return union([*question.items("parts"), *map(statement, _believed(question))]) or FILLER[0]


def _added(question: Question) -> list[str]:
    return question.items("missing")[: question.knobs.per_round]


def _regions(question: Question, name: str) -> str:
    wanted = things(question.given("thing")) if name == "one" else None
    found = [seen for seen in _believed(question) if wanted is None or seen.name in wanted]
    told = [{"label": seen.name, "box": [round(1000 * number) for number in seen.box]} for seen in found]
    told = told[:: -1 if question.knobs.backwards else 1]
    return json.dumps({"objects": told})


def _verified(question: Question) -> Answer:
    unit = question.given("unit")
    claims = sentences(unit) or [unit]
    spoken = [claim.replace("_", " ") for claim in claims]
    true = sum(holds(claim, question.shown) for claim in spoken) / len(spoken)
    if question.task == "verify/label":
        true = float("wrong" not in unit)
    true = _errs(question, unit, true)
    p = 0.04 + 0.92 * true if true == 1 else 0.04 + 0.4 * true
    return ("yes" if p > 0.5 else "no"), p


def _errs(question: Question, unit: str, true: float) -> float:
    """How true the unit is held to be; whoever errs about it as a statement does so as a question."""
    if true == 1 and question.knobs.draw("no", unit, question.found) < question.knobs.false_no:
        return 0.0
    if true < 1 and question.knobs.draw("yes", unit, question.found) < question.knobs.false_yes:
        return 1.0
    return true


def _looked(question: Question) -> str:
    named = things(question.given("question"))
    held = [_errs(question, each, float(each in question.shown)) == 1 for each in named]
    return "Yes." if named and all(held) else "No."


def _split(question: Question, name: str) -> str:
    said = question.given("text")
    return "\n".join(things(said) if name == "objects" else sentences(said)) or "none"


def _checked(question: Question, name: str) -> str:
    if name == "questions":
        named = things(question.given("caption"))
        count = int(re.search(r"exactly (\d+)", question.text)[1])
        asked = [f"Is there {listed([each])}?" for each in named] + [f"Is part {n} plain?" for n in range(count)]
        return "\n".join(f"{n}. {each}" for n, each in enumerate(asked[:count], 1))
    absent = [each for line in question.items("answers") if line.endswith("No.") for each in things(line)]
    return union(question.items("captions"), [*absent, *things(question.given("not_found"))]) + _invented(question)


def _patch(question: Question, name: str) -> str:
    if name != "sort_claims":
        return union(question.texts) + _invented(question)
    said = [sentences(text) for text in question.items("captions")]
    by_thing: dict[str, list[str]] = {}
    for sentence in (each for text in said for each in text):
        by_thing.setdefault(" ".join(things(sentence)) or sentence, []).append(sentence)
    sort: dict[str, list[Any]] = {"same": [], "contradictory": [], "unique": []}
    for told in by_thing.values():
        if len(set(told)) > 1:
            sort["contradictory"].append(sorted(set(told)))
        else:
            sort["same" if len(told) == len(said) else "unique"].append(told[0])
    return json.dumps(sort)


def _scalecap(question: Question, name: str) -> str:
    if name == "ask":
        return "\n".join(f"Tell more about the {each}." for each in things(question.given("statements"))) or "none"
    if name in ("answer", "position"):
        named = [question.shown[each] for each in things(question.given("question")) if each in question.shown]
        said = [f"The {each.name} is {where(each.box) if name == 'position' else 'flat and plain'}." for each in named]
        return " ".join(said) or "It can't be seen."
    told = question.texts if name == "merge" else question.items("details")
    return union(told) + _invented(question)


def _judged(question: Question, name: str) -> str:
    def worth(text: str) -> float:
        named = things(text)
        return sum(1 if each in question.shown else -2 for each in named)

    if name == "rate":
        return str(6 if worth(question.given("text")) > 0 else 1)
    if name == "pick":
        lines = [line.partition(". ") for line in question.given("candidates").splitlines()]
        best = max(lines, key=lambda line: (worth(line[2]), line[2]))
        return "A" if question.knobs.first_judge else best[0]
    if name == "refine":
        wrong = [each for each in things(question.given("caption")) if each not in question.shown]
        return union([question.given("caption")], wrong) or FILLER[0]
    context = [each for each in sentences(question.given("context")) if set(things(each)) <= set(question.shown)]
    return union([*context, *map(statement, _believed(question))])


def _rewritten(question: Question, name: str) -> str:
    ways = ("{}", "To be seen: {}", "This shows that {}", "In it, {}")
    return ways[question.number % 4].format(question.given("text")) + _invented(question)


def _fused(question: Question, name: str) -> str:
    banned = things(question.given("not_found"))
    return union(question.texts, banned) + _invented(question)


def _invented(question: Question) -> str:
    return f" {question.knobs.invent}" if question.knobs.invent else ""
