"""Canonical bytes: packing, lossless values, bounded compression. Pure; the only floor that knows msgpack
and zstd."""
