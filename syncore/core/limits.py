"""Every bound in one place, each with its reason; their relations are asserted at import.

Limits marked *validity* decide whether a segment is valid and are part of the protocol version: two replicas
that disagreed on one of them would diverge, so they never change within a version and are never configurable.
"""

KIB = 1024
MIB = 1024 * KIB

# --- values and documents: these decide validity
MAX_VALUE_DEPTH = 32
"""Nesting of lists and maps. msgpack's own C stack gives out near 500; people's JSON rarely passes 10."""
MAX_VALUE_BYTES = 512 * KIB
"""One encoded value. Blobs belong in files; SQLite reads a row of this size in well under a millisecond."""
MAX_NAME_BYTES = 255
"""Collection, document id and field names in UTF-8, like a file name."""
MAX_INTEGER_BYTES = 4 * KIB
"""Magnitude of an integer (32,768 bits): converting larger ones to decimal text is quadratic."""
MAX_SET_REPLACED = 4_096
"""Dots that one operation may replace: beyond it a writer could make every receiver do unbounded work."""
MAX_ENTRIES_PER_COMMIT = 10_000
"""Entries of one commit; about 100 bytes each fill the byte limit anyway."""
MAX_COMMIT_BYTES = 1 * MIB
"""One encoded commit. Checked when it is made, so that nothing committed can be unsendable."""
MAX_STRUCT_CLOCK = 2**31
"""Yjs clocks of one writer in one document; lengths near 2**32 make the arithmetic of yrs wrap."""
MAX_STRUCTS_PER_UPDATE = 65_536
"""Structs and delete ranges of one rich delta: a commit's bytes could not hold many more useful ones."""
MAX_ANCESTORS = 8
"""Earlier texts that a write of a merged field carries: two devices that were apart for fewer confirmed
writes of one field find the text that both started from."""
MAX_ANCESTOR_BYTES = 16 * KIB
"""All of them together: a note of a few pages. Every later write of the field carries them again."""

# --- segments: these decide validity
MAX_COMMITS_PER_SEGMENT = 256
"""Commits sealed together: where the per-segment signature is below 1 % of the cost (PEERS: sealing in
batches)."""
MAX_SEGMENT_PLAIN_BYTES = 2 * MIB
"""Decompressed plaintext of a segment; bounds what a hostile member can make a receiver allocate."""
MAX_SEGMENT_BYTES = 2 * MIB + 256 * KIB
"""A sealed segment: an incompressible plaintext, padded by PADME (at most 12 %), with its header."""
MAX_DEPENDENCIES = 4_096
"""Other writers named by one segment."""
MAX_CLOSED_WRITERS = 64
"""Reports of invalid writers in one segment; more wait for the next one."""
SEGMENT_TARGET_BYTES = 64 * KIB
"""Where packing stops adding commits to a segment: large enough to compress, small enough to retry."""

# --- membership: these decide validity
MAX_CONTROL_RECORD_BYTES = 64 * KIB
"""A control record; a removal with its new key for a thousand devices is the largest."""
MAX_DEVICES = 2**21 - 1
"""Device indexes have 21 bits of a writer number; the last one means "not admitted yet"."""
MAX_INVITATION_USES = 1_000
MAX_RELAY_ADDRESSES = 8
MAX_ADDRESS_BYTES = 255

# --- session
MAX_FRAME_BYTES = 4 * MIB
"""A websocket message between authenticated ends: a batch, or the largest segment with its envelope."""
MAX_UNAUTHENTICATED_FRAME_BYTES = 1 * KIB
"""A message before the handshake is over: it holds two keys, two nonces and a token."""
HANDSHAKE_TIMEOUT_MS = 10_000
"""From connecting to authenticated; strangers may not hold a connection longer."""
MAX_BATCH_BYTES = 256 * KIB
"""What a relay packs into one frame of a catching-up reader, unless a single item is larger."""
MAX_BATCH_ITEMS = 512
MAX_SPACES_PER_CONNECTION = 256
MAX_SLOT_BYTES = 1 * KIB
"""A sealed invitation slot is 176 bytes."""
MAX_SLOTS_PER_SPACE = 1_000

# --- presence
MAX_PRESENCE_VALUE_BYTES = 4 * KIB
"""What a device shows of itself, encoded: a name, a cursor, a selection. The rest belongs in documents."""
SMALL_PRESENCE_BYTES = 256
"""The sizes that content is padded to: most cursors look alike,"""
MEDIUM_PRESENCE_BYTES = 1 * KIB
"""most selections do,"""
LARGE_PRESENCE_BYTES = 4 * KIB + 256
"""and the largest value fits into the last."""
MAX_PRESENCE_BYTES = 5 * KIB
"""A presence message without its signature: header, seal, and content of the largest padded size."""
MIN_PRESENCE_TTL_MS = 1_000
"""Everybody who is shown repeats it three times in this span."""
MAX_PRESENCE_TTL_MS = 5 * 60 * 1000
"""How long somebody who was cut off seems to be here."""
MAX_PRESENT_SESSIONS = 8
"""Sessions of one device that are here at once: a hostile member can invent as many as it likes."""
MAX_REMEMBERED_SESSIONS = 32
"""Sessions of one device whose last counter is known, so that old messages do not bring them back."""
MAX_PRESENT = 1_024
"""Sessions that are here at once in one space: 4 MB at worst, and more than any screen shows."""
MAX_PRESENCE_DEVICES = 4_096
"""Devices of one space whose sessions are remembered."""

# --- clocks
MAX_CLOCK_DRIFT_MS = 24 * 60 * 60 * 1000
"""How far ahead of its own clock a replica lets a remote one push it: a day covers a wrong time zone."""
MAX_HYBRID_TIME = 2**63 - 1

# --- the replica at work
MAX_WATCH_BACKLOG = 10_000
"""Changes that a watcher may leave unread before it is told to read anew."""
MAX_GROUP_COMMITS = 256
"""Transactions of concurrent callers that share one SQLite transaction."""
MAX_CACHED_DOCUMENTS = 2_048
"""Visible documents kept in memory; a rich one is 17 KB alive."""
MAX_RICH_TAIL_UPDATES = 64
"""Updates appended behind a stored rich state before they are folded into it."""
MAX_PLACED_UNITS = 2**22
"""Units of a rich part, deleted ones included, whose order is read in one go, for undo and explanations: 8
MiB of marks. A hostile delta can claim a thousand times as many deleted units in a few bytes."""
MAX_UNDO_STEPS = 100
"""Own changes of one document that can be undone: more than anybody takes back one by one, and few enough to
be read at once."""
MAX_REOPENED_SIBLINGS = 64
"""Values of one register that an undo brings back side by side: each but the first is a commit of its own,
and nobody chooses among more."""

# --- resolving conflicts: the same on every replica of a version, or their texts would read differently
MAX_MERGED_SIBLINGS = 16
"""Texts that are merged into one; beyond it a person has to look anyway."""
MAX_MERGED_CHARACTERS = 64 * KIB
"""The longest text that is merged: its document is projected again with each of its writes."""
MAX_TEXT_DISTANCE = 500
"""Words and signs in which a text may differ from what it was made of: the comparison's time and memory grow
with the square, and two texts that share so little are not merged well."""
MAX_AUTHORITIES = 64
"""Labels that an ordering names; a chain has four."""
MAX_RULE_PROBLEMS = 32
"""Rules that a status says cannot be carried out, and failures of resolvers that it names; one suffices to
know what to do."""
MAX_MARKED_BYTES = 254
"""Names of fields that a rule can be given for, in UTF-8: in settings they stand behind a mark of a byte."""

# --- schemas: the same on every replica of a version, or they would flag different documents
MAX_SCHEMA_BYTES = 64 * KIB
"""A schema, encoded: several hundred fields with descriptions."""
MAX_SCHEMA_PARTS = 2_000
"""Subschemas once references are replaced by what they refer to, each as often as it is used. A few hundred
bytes of references to references would otherwise ask for unbounded work at every write."""
MAX_SCHEMA_PATTERNS = 64
"""Regular expressions among them; each may take as much memory as the next limit says."""
MAX_PATTERN_BYTES = 1 * MIB
"""A compiled regular expression, and the states that it builds while it matches. Matching takes time linear
in the text whatever the pattern is: look-around and back-references are refused."""
MAX_PATTERN_CHARACTERS = 1_000
"""A regular expression as it is written."""
MAX_VALIDATION_STEPS = 50_000_000
"""Subschemas times values of a document, which bounds the time of judging it: about a second at worst. What
is over it counts as a problem."""
MAX_LISTED_STEPS = 500_000
"""The same, up to which every problem is listed: making the list takes far longer than finding that there is
one. Beyond it only the first is named."""
MAX_PROBLEMS = 100
"""Problems of one document that are listed; nobody reads more."""
MAX_VALIDATORS = 16
"""Validators of one collection: each runs at every write."""

# --- constraints: the same on every replica of a version, or they would show different documents
MAX_UNIQUE = 16
"""Combinations of fields that are unique in one collection: each is looked up at every write of them."""
MAX_UNIQUE_FIELDS = 8
"""Fields that are unique together."""
MAX_REFERENCES = 64
"""Fields of one collection that name documents."""

assert MAX_MARKED_BYTES < MAX_NAME_BYTES
assert MAX_SCHEMA_BYTES < MAX_VALUE_BYTES
assert MAX_LISTED_STEPS < MAX_VALIDATION_STEPS
assert MAX_ANCESTOR_BYTES < MAX_VALUE_BYTES
assert MAX_VALUE_BYTES < MAX_COMMIT_BYTES < MAX_SEGMENT_PLAIN_BYTES < MAX_SEGMENT_BYTES < MAX_FRAME_BYTES
assert MAX_SEGMENT_PLAIN_BYTES * 112 // 100 <= MAX_SEGMENT_BYTES
assert SEGMENT_TARGET_BYTES + MAX_COMMIT_BYTES < MAX_SEGMENT_PLAIN_BYTES
assert MAX_BATCH_BYTES + MAX_SEGMENT_BYTES < MAX_FRAME_BYTES
assert MAX_CONTROL_RECORD_BYTES < MAX_BATCH_BYTES
assert SMALL_PRESENCE_BYTES < MEDIUM_PRESENCE_BYTES < MAX_PRESENCE_VALUE_BYTES < LARGE_PRESENCE_BYTES
assert LARGE_PRESENCE_BYTES < MAX_PRESENCE_BYTES < MAX_BATCH_BYTES
assert MAX_PRESENT_SESSIONS < MAX_REMEMBERED_SESSIONS < MAX_PRESENT < MAX_PRESENCE_DEVICES
