"""The indexes that a model declares, made in this replica's file when they are not there."""

from syncore.replica.collection import Collection
from syncore.replica.model import Model


async def make_declared(model: type[Model], documents: Collection) -> None:
    """Make what is not there yet; what is not declared any more stays, until ``drop_index``.

    Raises:
        Misused: an index of another content has the name, or there are too many.
    """
    declared = model.__defaults__
    wanted = [(name, one.index) for name, one in declared.items() if one.index is not False]
    texts = {name: one.fulltext for name, one in declared.items() if one.fulltext is not False}
    if not wanted and not texts:
        return
    there = {status.name for status in await documents.indexes()}
    for name, kind in wanted:
        if kind == "each":
            if f"each element of {name}" not in there:
                await documents.create_index(name, each=True)
        elif kind == "hash":
            if f"hash of {name}" not in there:
                await documents.create_index(name, kind="hash")
        elif name not in there:
            await documents.create_index(name)
    if texts and f"text of {', '.join(texts)}" not in there:
        weights = {name: float(weight) for name, weight in texts.items()}
        await documents.create_text_index(*texts, weights=weights)
