"""The two models put to work on one picture: lines found, the largest read, and their share of the area."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dataset_build.images.measures import Rgb
from dataset_build.text.lines import Floats, Line, detector_input, lines_in
from dataset_build.text.models import Models
from dataset_build.text.reading import Reading, cut_out, elongation, read_off, recogniser_input

READ = 6  # lines that are read, the largest
TURNED = 2.0  # length / thickness from which a line is also read upside down


class Found(NamedTuple):
    """The lines of a picture, the largest first, and what was read of the first READ of them."""

    lines: list[Line]
    readings: list[Reading]

    @property
    def text_area(self) -> float:
        """Share of the picture that lines of text cover, 0 to 1; what wasn't read counts as far as what was."""
        read = sum(line.area for line in self.lines[: len(self.readings)])
        true = sum(line.area for line, each in zip(self.lines, self.readings, strict=False) if each.is_text)
        return min(1.0, sum(line.area for line in self.lines) * true / read) if read else 0.0


class TextDetector:
    """PP-OCRv4 mobile on onnxruntime, in one thread: one process per core is faster than threads."""

    def __init__(self, models: Models) -> None:
        self.detector = _session(models.detector)
        self.recogniser = _session(models.recogniser)

    def find(self, rgb: Rgb) -> Found:
        """The text in a picture (height, width, 3), which is best given at 640 pixels or more."""
        lines = lines_in(_run(self.detector, detector_input(rgb))[0])
        return Found(lines, [self._read(rgb, line) for line in lines[:READ]])

    def _read(self, rgb: Rgb, line: Line) -> Reading:
        """A long line that makes no sense is read upside down as well."""
        picture, shape = cut_out(rgb, line.corners), elongation(line.corners, rgb)
        upright = self._reading(picture, shape)
        if upright.is_read or shape < TURNED:
            return upright
        turned = self._reading(np.ascontiguousarray(picture[::-1, ::-1]), shape)
        return max(upright, turned, key=lambda reading: reading.evidence)

    def _reading(self, picture: Rgb, shape: float) -> Reading:
        score, characters = read_off(_run(self.recogniser, recogniser_input(picture)))
        return Reading(score, characters, shape)


def _session(model: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _run(session: Any, picture: Floats) -> Floats:
    """The only answer of a model with one input, without the batch's dimension."""
    answer: Floats = session.run(None, {session.get_inputs()[0].name: picture})[0][0]
    return answer
