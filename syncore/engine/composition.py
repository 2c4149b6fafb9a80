"""Composing an open replica of adapters: the one place where services meet the outside world.

What opens the file and where keys lie is the caller's choice, so that a program, a tool and a simulation run
the same composition.
"""

from collections.abc import Callable, Iterable

from syncore.core.ports import Analyst, Clock, Connector, Database, Entropy, KeyFiles
from syncore.documents.resolvers import Resolver
from syncore.engine.services import Services
from syncore.replica.guarding import FileGuard
from syncore.replica.keystore import Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.schema.validators import Validator
from syncore.sql.service import SqlService
from syncore.sync.service import Outside, SyncService


async def compose(  # noqa: PLR0913 - each argument is one thing of the outside world
    database: Database,
    key_files: Callable[[bytes], KeyFiles],
    *,
    clock: Clock,
    entropy: Entropy,
    connector: Connector,
    is_read_only: bool = False,
    is_syncing: bool = True,
    resolvers: Iterable[Resolver] = (),
    analyst: Analyst | None = None,
    validators: Iterable[Validator] = (),
) -> Services:
    """Start the services of a replica on an open database, which is theirs from now on, also on failure.

    Args:
        database: The replica file.
        key_files: Gives the keystore of a replica by its id.
        clock: Time.
        entropy: Randomness.
        connector: How relays are reached.
        is_read_only: Whether the file belongs to somebody else.
        is_syncing: Whether shared spaces are kept in sync.
        resolvers: Functions of the application's own that settle conflicts.
        analyst: Answers SQL over the same file; it becomes the services' own too. Without one there is none.
        validators: Functions of the application's own that judge documents.

    Raises:
        NotAReplica, NewerFormat: the file is something else; it was not touched.
        StorageError, IntegrityError: the disk or the file does not allow it.
    """
    try:
        local = await LocalReplica.open(
            database, clock, entropy, is_read_only=is_read_only, resolvers=resolvers, validators=validators
        )
    except BaseException:
        if analyst is not None:
            await analyst.close()
        await database.close()
        raise
    keystore = Keystore(key_files(local.id), entropy)
    guard = FileGuard(local, keystore)
    services = Services(
        local=local,
        keystore=keystore,
        guard=guard,
        sync=SyncService(local, keystore, guard, Outside(connector=connector, clock=clock, entropy=entropy)),
        sql=SqlService(local, analyst, entropy),
        connector=connector,
        clock=clock,
        entropy=entropy,
        is_syncing=is_syncing and not is_read_only,
    )
    try:
        await services.start()
    except BaseException:
        await services.close()
        raise
    return services
