"""Aggregation kernels, compiled: listings into buckets, and sorted listings into pairs."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@numba.njit(nogil=True, cache=True)
def bucket_sizes(indices, vocabulary, buckets, directed):  # type: ignore[no-untyped-def]
    """Return the number of listings in each bucket, a range of low ends (starts, if directed).

    `indices` (n, k) int32 are each row's neighbours, -1 for none.
    """
    sizes = np.zeros(buckets, dtype=np.int64)
    for row in range(indices.shape[0]):
        for place in range(indices.shape[1]):
            other = indices[row, place]
            if other >= 0:
                low = row if directed else min(row, other)
                sizes[low * buckets // vocabulary] += 1
    return sizes


@numba.njit(nogil=True, cache=True)
def fill_buckets(  # type: ignore[no-untyped-def]
    indices, weights, scores, vocabulary, position, positions, directed, ends, keys, ranks, told
):
    """Fill `keys` ((low * N + high) * P + position), `ranks` and `told`, bucket after bucket.

    `weights` (n, k) int32 goes into `told`, `scores` (k,) int32 into `ranks`; `ends` (buckets,)
    int64 is the end of each bucket, and its start afterwards.
    """
    buckets = len(ends)
    for row in range(indices.shape[0] - 1, -1, -1):
        for place in range(indices.shape[1] - 1, -1, -1):
            other = indices[row, place]
            if other < 0:
                continue
            low = row if directed else min(row, other)
            high = other if directed else max(row, other)
            bucket = low * buckets // vocabulary
            ends[bucket] -= 1
            at = ends[bucket]
            keys[at] = (np.int64(low) * vocabulary + high) * positions + position
            ranks[at] = scores[place]
            told[at] = weights[row, place]


@numba.njit(nogil=True, cache=True)
def gather_pairs(  # type: ignore[no-untyped-def]
    keys, ranks, told, order, positions, minimum, pairs, times, directed, rank, weight, seen
):
    """Fill one row per pair from listings in the order of their keys; return (rows, places, below,
    listings below).

    `pairs`, `times`, `directed`, `rank`, `weight` and `seen` have room for every listing; `seen`
    are the positions of the pairs one after the other, `places` their number. A position counts
    once, whatever its listings. The `below` pairs, at fewer positions than the minimum, are left
    out.
    """
    rows = places = below = below_listings = at = 0
    while at < len(order):
        pair = keys[order[at]] // positions
        begin, last = places, -1
        listed = ranked = weighed = 0
        while at < len(order) and keys[order[at]] // positions == pair:
            one = order[at]
            position = keys[one] - pair * positions
            if position != last:
                seen[places] = position
                places += 1
                weighed += told[one]
                last = position
            listed += 1
            ranked += ranks[one]
            at += 1
        if places - begin < minimum:
            below += 1
            below_listings += listed
            places = begin
            continue
        pairs[rows], times[rows], directed[rows] = pair, places - begin, listed
        rank[rows], weight[rows] = ranked, weighed
        rows += 1
    return rows, places, below, below_listings
