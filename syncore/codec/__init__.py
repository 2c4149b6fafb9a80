"""Canonical bytes: packing, lossless values, bounded compression; the only floor with msgpack and zstd."""
