import numpy as np
import pytest

from dataset_build.captions.scores.capture import Graph, capture, combined, f1
from dataset_build.captions.scores.dcscore import Unit, dcscore, precision, recall
from dataset_build.captions.scores.embedded import clipscore, ref_clipscore, self_retrieval


@pytest.mark.parametrize(
    ("parts", "score"), [((0.8, 0.6, 0.5), 0.666667), ((1, 0, 0), 0.416667), ((0, 0, 1), 0.166667), ((1, 1, 1), 1)]
)
def test_capture_of_three_f1(parts: tuple[float, float, float], score: float) -> None:
    assert combined(*parts) == pytest.approx(score, abs=1e-6)


def test_f1() -> None:
    assert f1(2 / 3, 1 / 2) == pytest.approx(0.571429, abs=1e-6)
    assert f1(0, 0) == 0


GRAPH = Graph(("ball", "house"), ("red ball",), ("ball left of house",))


def test_capture_of_graphs() -> None:
    assert capture(GRAPH, GRAPH) == 1
    assert capture(Graph(), Graph()) == 1
    assert capture(Graph(), GRAPH) == 0
    more = Graph(("ball", "tree", "sun"), ("red ball",), ("ball left of house",))
    assert capture(more, GRAPH) == pytest.approx(combined(f1(1 / 3, 1 / 2), 1, 1))
    assert capture(more, GRAPH) == capture(GRAPH, more)


def test_capture_matches_synonyms_one_to_one_then_what_is_alike() -> None:
    mine, theirs = Graph(("dog", "puppy", "sea")), Graph(("hound", "ocean"))
    pairs = {("dog", "hound"), ("puppy", "hound"), ("sea", "ocean")}
    by_name = capture(mine, theirs, same=lambda a, b: (a, b) in pairs)
    assert by_name == pytest.approx(combined(f1(2 / 3, 1), 1, 1))
    alike = capture(mine, theirs, alike=lambda a, b: np.full((len(a), len(b)), 0.5))
    assert alike == pytest.approx(combined(f1(1.5 / 3, 1 / 2), 1, 1))


def test_dcscore() -> None:
    units = [Unit(True, True, 0), Unit(True, True, 0), Unit(True, False), Unit(False)]
    assert precision(units) == 0.75
    assert recall(units, 3) == pytest.approx(2 / 4)
    assert dcscore(units, 3, 2) == pytest.approx(100 * (f1(0.75, 0.5) + f1(2 / 3, 0.5)) / 2)
    assert dcscore([], 0, 0) == 0


def test_a_true_novelty_never_lowers_recall_and_an_error_lowers_precision() -> None:
    units = [Unit(True, oracle=0), Unit(False)]
    assert recall([*units, Unit(True)], 4) >= recall(units, 4)
    assert precision([*units, Unit(False)]) < precision(units)
    assert recall([*units, Unit(False, oracle=1)], 4) == recall(units, 4)


def test_clipscore() -> None:
    images = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0]])
    texts = np.array([[4.0, 3.0], [-1.0, 0.0], [1.0, 1.0]])
    assert clipscore(images, texts) == pytest.approx([2.5 * 24 / 25, 0, 0])
    references = np.array([[4.0, 3.0], [1.0, 0.0], [1.0, 1.0]])
    assert ref_clipscore(images, texts, references) == pytest.approx([2 * 2.4 / 3.4, 0, 0])


def test_a_caption_finds_its_own_image_and_ties_are_shared() -> None:
    one_hot = np.eye(4)
    bags = [[text, *(other for other in range(4) if other != text)] for text in range(4)]
    assert self_retrieval(one_hot, one_hot, bags) == pytest.approx([1, 1, 1, 1])
    assert self_retrieval(np.ones((4, 3)), one_hot[:, :3] + 1, bags) == pytest.approx([0.25] * 4)
    assert self_retrieval(one_hot, one_hot[[1, 0, 2, 3]], bags) == pytest.approx([0, 0, 1, 1])
