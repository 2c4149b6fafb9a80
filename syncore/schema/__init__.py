"""Schemas of collections: what a document has to look like, and what is wrong with one. Pure.

The only floor that knows jsonschema_rs. It sees a document as values by field, and knows nothing of how
documents merge or where they are kept.
"""
