import numpy as np
import pytest

from dataset_build.dedup import hamming


def rows(hashes, crops=0):
    """An index whose last rows are crops."""
    return hamming.index(hashes, len(hashes) - crops)


def near_among(hashes, radius):
    return hamming.near_among(rows(hashes), radius)


def triples(found):
    """Pairs as a sorted list of (smaller row, larger row, distance)."""
    return sorted(
        (min(i, j), max(i, j), distance)
        for part in found
        for i, j, distance in zip(*(column.tolist() for column in part), strict=True)
    )


def ordered(found):
    """Pairs as a sorted list of (left row, right row, distance)."""
    return sorted(triple for part in found for triple in zip(*(column.tolist() for column in part), strict=True))


def flipped(row, bits):
    """The hash with the bits of these numbers flipped."""
    row = row.copy()
    for bit in bits:
        row[bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    return row


def clustered(seed, bases, copies, most):
    """Distinct random hashes in clusters: copies differ from their base in up to `most` random bits."""
    rng = np.random.default_rng(seed)
    rows = []
    for base in rng.integers(0, 2**64, (bases, 4), np.uint64):
        rows.append(base)
        rows += [flipped(base, rng.choice(256, rng.integers(1, most + 1), False)) for _ in range(copies)]
    return np.unique(np.array(rows), axis=0)


@pytest.fixture
def always_indexed(monkeypatch):
    monkeypatch.setattr(hamming, "BRUTE_FORCE_PAIRS", -1)


def test_finds_planted_pairs_once_with_their_distance():
    base = np.random.default_rng(0).integers(0, 2**64, 4, np.uint64)
    hashes = np.array([base, flipped(base, range(5)), ~base, flipped(base, range(0, 256, 8))])
    assert triples(near_among(hashes, 31)) == [(0, 1, 5)]
    assert triples(near_among(hashes, 32)) == [(0, 1, 5), (0, 3, 32)]
    assert triples(near_among(hashes, 35)) == [(0, 1, 5), (0, 3, 32), (1, 3, 35)]


@pytest.mark.parametrize("radius", [0, 15, 16, 31, 47, 48, 64, 72])
def test_index_and_brute_force_find_the_same(radius, always_indexed):
    hashes = clustered(radius, bases=150, copies=8, most=70)
    expected = triples(hamming.brute_force(*[rows(hashes)] * 2, radius, among=True))
    assert triples(near_among(hashes, radius)) == expected
    assert radius < 31 or len(expected) > 100


@pytest.mark.parametrize("few", [30, 900])
def test_two_sides_are_compared_whichever_is_larger(few, always_indexed):
    hashes = clustered(1, bases=100, copies=9, most=70)
    mixed = np.random.default_rng(0).permutation(hashes)
    left, right = mixed[:few], mixed[few:]
    expected = ordered(hamming.brute_force(rows(left), rows(right), 64))
    assert ordered(hamming.near(rows(left), rows(right), 64)) == expected
    assert len(expected) > 30


@pytest.mark.parametrize("radius", [31, 47, 64])
def test_crops_are_held_against_wholes_only(radius, always_indexed):
    hashes = np.random.default_rng(0).permutation(clustered(2, bases=60, copies=9, most=60))
    every = triples(hamming.brute_force(*[rows(hashes)] * 2, radius, among=True))
    wholes = [(i, j, distance) for i, j, distance in every if i < 350]
    assert triples(hamming.near_among(rows(hashes, crops=len(hashes) - 350), radius)) == wholes != every
    left, right = rows(hashes[:100], crops=60), rows(hashes[100:], crops=200)
    both = [(i, j - 100, d) for i, j, d in every if i < 100 <= j and (i < 40 or j < len(hashes) - 200)]
    assert ordered(hamming.near(left, right, radius)) == both == ordered(hamming.brute_force(left, right, radius))
    assert [(j, i, d) for i, j, d in ordered(hamming.near(right, left, radius))] == sorted(both, key=lambda t: t[1::-1])


@pytest.mark.parametrize("radius", [15, 31, 47])
def test_no_pair_is_missed_where_the_search_is_exact(radius):
    base = np.zeros(4, np.uint64)
    each_band = [band * 16 + bit for bit in range(radius // 16 + 1) for band in range(16)]
    hashes = np.array([base, flipped(base, each_band[:radius])])
    assert triples(near_among(hashes, radius)) == [(0, 1, radius)]


def test_the_worst_pair_at_48_bits_is_the_first_to_be_missed():
    three_in_each_band = [band * 16 + bit for bit in range(3) for band in range(16)]
    hashes = np.array([np.zeros(4, np.uint64), flipped(np.zeros(4, np.uint64), three_in_each_band)])
    assert triples(near_among(hashes, 72)) == []


def test_many_results_of_one_row_are_all_returned(always_indexed):
    rng = np.random.default_rng(5)
    hashes = np.array([flipped(np.zeros(4, np.uint64), rng.choice(256, 4, False)) for _ in range(300)])
    hashes = np.unique(hashes, axis=0)
    assert len(triples(near_among(hashes, 31))) == len(hashes) * (len(hashes) - 1) / 2


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_rows_to_pair(count):
    assert triples(near_among(np.zeros((count, 4), np.uint64), 48)) == []


@pytest.mark.parametrize("few", [1, 60, 900])
@pytest.mark.parametrize("radius", [15, 31, 64])
def test_pairs_among_the_few_come_with_those_between(radius, few, always_indexed):
    hashes = np.random.default_rng(0).permutation(clustered(3, bases=100, copies=9, most=70))
    left, right = rows(hashes[:few], crops=few // 3), rows(hashes[few:], crops=30)
    between, among = zip(*hamming.near_and_among(left, right, radius), strict=True)
    assert ordered(between) == ordered(hamming.brute_force(left, right, radius))
    assert triples(among) == triples(hamming.brute_force(left, left, radius, among=True))


def test_rows_that_share_a_value_of_every_band_are_all_compared(always_indexed):
    rng = np.random.default_rng(1)
    base = rng.integers(0, 2**64, 4, np.uint64)
    hashes = np.unique(np.array([flipped(base, rng.choice(256, 6, False)) for _ in range(2000)]), axis=0)
    left, right = rows(hashes[:700], crops=100), rows(hashes[700:], crops=900)
    between, among = zip(*hamming.near_and_among(left, right, 48), strict=True)
    assert sum(len(part[0]) for part in between) == 700 * len(hashes[700:]) - 100 * 900
    assert sum(len(part[0]) for part in among) == 700 * 699 // 2 - 100 * 99 // 2
    found = hamming.near_among(rows(hashes), 48)
    assert sum(len(part[0]) for part in found) == len(hashes) * (len(hashes) - 1) // 2
