"""Hashes of mirrored and turned images, from the hashes alone."""

import numpy as np
from numpy.typing import NDArray

from dataset_build.dedup.hamming import Hashes

SIDE = 16  # frequencies in each direction
TURNS = tuple((swap, down, across) for swap in (0, 1) for down in (0, 1) for across in (0, 1))[1:]
MIRRORS = ((0, 0, 0), *TURNS[:3])  # without and with the axes kept

Turn = tuple[int, int, int]  # axes swapped, then rows mirrored, then columns mirrored


def turned(hashes: Hashes, turn: Turn) -> Hashes:
    """What `images.hashes.dct_hash` gives for the mirrored or turned pictures; hashes are (n, 4).

    Mirroring negates the odd frequencies of a direction and swapping the axes transposes them, so that bits, being
    signs, flip and move. Frequencies of zero are the exception: they stay, and here they flip.
    """
    swap, down, across = turn
    bits = np.unpackbits(hashes.view(np.uint8), axis=1).reshape(-1, SIDE, SIDE)
    if swap:
        bits = bits.transpose(0, 2, 1)
    packed = np.packbits(bits.reshape(len(bits), SIDE * SIDE) ^ _flips(down, across), axis=1)
    return packed.view(np.uint64)


def _flips(down: int, across: int) -> NDArray[np.uint8]:
    """Which bits flip: the odd frequencies of the mirrored directions, not those that are odd in both."""
    odd = np.arange(SIDE) % 2
    flips: NDArray[np.uint8] = (odd[:, None] * down ^ odd * across).astype(np.uint8).ravel()
    return flips
