"""The version of the primitives that recipes are written with."""

PRIMITIVES = "1"  # part of every recipe's fingerprint: raise it when one may ask, read, check or choose differently
