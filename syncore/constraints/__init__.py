"""References and unique claims among the documents of a space, and what becomes of them after any merge.

Pure: facts about documents in, the standing of each document out. Knows no values, settings or storage.
"""
