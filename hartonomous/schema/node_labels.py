"""Node labels and structural relationship types, each with its properties and their meaning."""

from __future__ import annotations

from hartonomous.schema.record_classes import NodeLabel, Property

NAME_LENGTH = 60
"""Characters of a composition's name, unless it is a caption; a longer text is cut."""

COMPOSITION_PROPERTIES: tuple[Property, ...] = (
    Property("key", "STRING", "blake3-128 of kind and text, 32 hexadecimal digits"),
    Property("text", "STRING", "surface form, Unicode NFC, case kept"),
    Property("folded", "STRING", "text in lower case, for look-up"),
    Property("kind", "STRING", "the second label"),
    Property(
        "known",
        "STRING",
        "numbers of the live tracks that know it and whose silence speaks, joined by '+'; derived, for rating",
    ),
    Property(
        "quaternion",
        "LIST<FLOAT>",
        "its coordinates on the unit sphere S3; derived, see Placement",
    ),
    Property("spectral", "LIST<FLOAT>", "its coordinates by the graph's eigenvectors; derived"),
    Property(
        "name",
        "STRING",
        f"what tools caption it with: its text, of more than {NAME_LENGTH} characters the beginning; "
        "where the text is a digest the name of the first file that holds it and the labels that it "
        "depicts by the highest elo, three at most; derived",
    ),
    Property("words", "LIST<STRING>", "the words it is linked to, if it is a name; derived"),
    Property(
        "due", "LIST<INTEGER>", "on the work list: the ends of its pairs that are due, if few"
    ),
)
"""On every composition, of whatever kind."""

NODES: tuple[NodeLabel, ...] = (
    NodeLabel(
        "Composition",
        "an object that sources relate; shared by all sources",
        key=("key",),
        properties=COMPOSITION_PROPERTIES,
    ),
    NodeLabel(
        "Source",
        "a model, corpus, image set, code base or person that evidence came from",
        key=("name",),
        properties=(
            Property("name", "STRING", "name, as typed by users"),
            Property("kind", "STRING", "model, corpus, images, code or person"),
            Property("digest", "STRING", "blake3-256 of the opened files' digests and the options"),
            Property("options", "STRING", "the options of the extraction, canonical JSON"),
            Property(
                "files",
                "STRING",
                "the opened files with digest and bytes, canonical JSON; of more than 1,000 their count, bytes, Merkle root and the largest one's digest",
            ),
            Property("importer", "STRING", "the importer that opened it"),
            Property("subject", "STRING", "the person whose data it is, if any"),
            Property("licence", "STRING", "its licence"),
            Property("family", "STRING", "the family of models it belongs to"),
            Property("bytes", "INTEGER", "size of the opened files"),
            Property("parameters", "INTEGER", "numbers in the opened tensors"),
            Property("excluded", "STRING", "entries left out, by reason, canonical JSON"),
            Property("merged", "INTEGER", "entries merged with an equal earlier one"),
            Property("state", "STRING", "loading, live or deleting; only live sources count"),
            Property("created", "DATETIME", "when its loading began"),
            Property("bundle", "STRING", "digest of its bundle; a resumed load uses no other"),
            Property("replaces", "STRING", "the source that it replaces, until that is done"),
            Property(
                "becomes",
                "STRING",
                "digest of the bundle whose rows are being written over its own, until that is done",
            ),
            Property("lineage", "INTEGER", "near-copies that share one trust, itself included"),
            Property("distrusted", "STRING", "why its tracks have no vote, if so"),
            Property("hubness", "FLOAT", "share of its lists with the most listed composition"),
            Property(
                "visited",
                "LIST<INTEGER>",
                "how many visits, and four sums of hashes of them, modulo 2 to the 62nd",
            ),
            Property(
                "held",
                "LIST<INTEGER>",
                "how many places, and four sums of hashes of them, modulo 2 to the 62nd; null if none",
            ),
        ),
    ),
    NodeLabel(
        "Track",
        "one source's evidence of one type, with the constants its rating needs",
        key=("source", "evidence"),
        properties=(
            Property("source", "STRING", "name of the source"),
            Property("evidence", "STRING", "evidence type"),
            Property("name", "STRING", "source and evidence, to read; derived"),
            Property("number", "INTEGER", "small number that stands for the track in `known`"),
            Property("positions", "INTEGER", "positions examined (P)"),
            Property("names", "LIST<STRING>", "the positions by name: layer 3, head 5"),
            Property("minimum", "INTEGER", "least number of positions that list a stored pair"),
            Property("below", "INTEGER", "pairs left out, listed by fewer positions"),
            Property("k", "INTEGER", "neighbours asked for at each position"),
            Property("vocabulary", "INTEGER", "compositions searched (N)"),
            Property("dimensions", "INTEGER", "numbers in one vector"),
            Property(
                "trust",
                "INTEGER",
                "trust in milli (T): from the vectors alone, from halves of what was counted, or "
                "stated by the evidence type",
            ),
            Property(
                "vote",
                "INTEGER",
                "weight in the consensus, in millionths: trust divided among near-copies, 0 for an outlier",
            ),
            Property("absent", "INTEGER", "odds of a known pair that is not listed, milli-decades"),
            Property(
                "recall", "FLOAT", "neighbours found of those an exact search finds; 1.0 if exact"
            ),
            Property(
                "total", "INTEGER", "observations in all that its null model reckons by, if any"
            ),
            Property("rows", "INTEGER", "evidence edges"),
            Property("observations", "INTEGER", "directed observations (sum of `directed`)"),
            Property("digest", "LIST<INTEGER>", "sums of four hashes of each evidence edge"),
        ),
    ),
    NodeLabel(
        "Batch",
        "ledger of loading: one per batch, written in the batch's own transaction",
        key=("key",),
        properties=(
            Property("key", "STRING", "source, stage and number"),
            Property("name", "STRING", "the key, to read; derived"),
            Property("source", "STRING", "name of the source"),
            Property("evidence", "STRING", "evidence type"),
            Property("rows", "INTEGER", "rows the batch wrote"),
            Property("digest", "LIST<INTEGER>", "its share of the track's digest"),
        ),
        housekeeping=True,
    ),
    NodeLabel(
        "Migration",
        "a schema change that was applied",
        key=("version",),
        properties=(
            Property("version", "INTEGER", "number, in order"),
            Property("name", "STRING", "file name"),
            Property("checksum", "STRING", "blake3-256 of the file"),
            Property("applied", "DATETIME", "when"),
        ),
        housekeeping=True,
    ),
    NodeLabel(
        "Lock",
        "the writer's lock",
        key=("name",),
        properties=(
            Property("name", "STRING", "always 'writer'"),
            Property("owner", "STRING", "what is being done, by which process on which machine"),
            Property("process", "STRING", "machine, process id and start, to tell a dead holder"),
            Property("token", "STRING", "random; only its holder may write or release"),
            Property("since", "DATETIME", "when it was taken"),
            Property(
                "expires", "DATETIME", "when others may take it, renewed while the writer lives"
            ),
        ),
        housekeeping=True,
    ),
    NodeLabel(
        "State",
        "one node: the state of the graph",
        key=("name",),
        properties=(
            Property("name", "STRING", "always 'graph'"),
            Property(
                "settled", "BOOLEAN", "false while a rating pass is due, running or interrupted"
            ),
            Property("epoch", "INTEGER", "grows with every change of the rated graph"),
            Property("formula", "INTEGER", "version of the rating formulas"),
            Property("procedures", "STRING", "digest of the procedures installed last"),
            Property("log", "STRING", "random name of the log, which its signed heads carry"),
            Property("reading", "INTEGER", "version of the rules that split names into words"),
            Property("identity", "STRING", "random identity of this graph"),
        ),
        housekeeping=True,
    ),
    NodeLabel(
        "Deletion",
        "journal of a removal, written before its first row is removed",
        key=("id",),
        properties=(
            Property("id", "STRING", "random"),
            Property("number", "INTEGER", "number in the order of removals"),
            Property("verb", "STRING", "delete or erase"),
            Property("name", "STRING", "verb and number, to read; derived"),
            Property(
                "state",
                "STRING",
                "removing, erasing, undoing, done, undone, expired, erased; on the managed server "
                "compacting until its store is copied, then compacted",
            ),
            Property("plan", "STRING", "digest of the plan, which holds a random number"),
            Property("created", "DATETIME", "when it began"),
            Property("evidence", "INTEGER", "evidence edges removed"),
            Property("lost", "INTEGER", "relations removed with their last evidence"),
            Property("kept", "INTEGER", "relations that lost some evidence and were rated anew"),
            Property(
                "shifted", "INTEGER", "relations with unchanged evidence and a changed consensus"
            ),
            Property("compositions", "INTEGER", "compositions removed without references"),
            Property("visits", "INTEGER", "visits removed"),
            Property("places", "INTEGER", "places removed, if any"),
            Property("claims", "STRING", "of an erasure, what its certificate says; no names"),
            Property("logged", "INTEGER", "the log's entry that commits to these claims"),
        ),
        housekeeping=True,
    ),
    NodeLabel(
        "Suppression",
        "suppresses erased data, recognised by a hash under a key outside the graph",
        key=("id",),
        properties=(
            Property("id", "STRING", "beginning of a keyed hash"),
            Property("kind", "STRING", "source, subject, concept, name or composition"),
            Property("name", "STRING", "kind and beginning of the id, to read; derived"),
            Property("match", "STRING", "HMAC-SHA256 of what is kept out"),
            Property("words", "INTEGER", "words of a concept"),
            Property("any_case", "BOOLEAN", "however a concept is capitalised"),
            Property("deletion", "STRING", "the erasure it came from"),
            Property("created", "DATETIME", "creation time"),
        ),
        housekeeping=True,
    ),
    NodeLabel(
        "Placement",
        "description of the coordinates on compositions; removed with them by a deletion",
        key=("name",),
        properties=(
            Property("name", "STRING", "always 'sphere'"),
            Property("epoch", "INTEGER", "the graph's epoch; another one now means stale"),
            Property("digest", "STRING", "blake3-256 of keys and relations the places follow from"),
            Property("placed", "INTEGER", "compositions that have a place"),
            Property("relations", "INTEGER", "relations above even odds"),
            Property("dimensions", "INTEGER", "numbers in one spectral vector"),
            Property("eigenvalues", "LIST<FLOAT>", "of the random walk, largest first"),
            Property("places", "STRING", "blake3-256 of the places themselves, by key"),
            Property("created", "DATETIME", "when"),
        ),
        housekeeping=True,
    ),
    NodeLabel(
        "LogEntry",
        "an act that changed knowledge; a leaf of the log's Merkle tree",
        key=("index",),
        properties=(
            Property("index", "INTEGER", "index in the log, from 0"),
            Property("key", "STRING", "unique per act, so that it is written once"),
            Property("act", "STRING", "what was done"),
            Property("at", "STRING", "when, UTC"),
            Property("names", "LIST<STRING>", "displayed subjects; removed by an erasure"),
            Property("name", "STRING", "index, act and names, to read; derived"),
            Property("entry", "STRING", "what is hashed: canonical JSON without any name"),
            Property("leaf", "STRING", "SHA-256 of 0x00 and the entry, hexadecimal"),
        ),
        housekeeping=True,
    ),
)

PHRASE = "Phrase"
"""Label of compositions linked to words: labels of several words, and identifiers; derived."""

HAS_WORD = "HAS_WORD"

UNRATED = "Unrated"
"""Label of compositions whose pairs a rating pass still has to visit: its work list."""

NEXT = "NEXT"
"""From an entry of the log to the one after it."""

LOG_ACTS: tuple[str, ...] = (
    "ingest",
    "replace",
    "delete",
    "deleted",
    "undo",
    "erase",
    "rollback",
    "suppress",
    "lift",
    "snapshot",
    "restore",
    "rate",
    "adopt",
)
"""What an entry of the log can record: `delete` decides, `deleted` is when it is done."""

HAS_TRACK = "HAS_TRACK"

VISITED = "VISITED"

VISIT_PROPERTIES: tuple[Property, ...] = (
    Property("n", "INTEGER", "visits to the context"),
    Property(
        "mass",
        "INTEGER",
        "missing mass: probability not stored as evidence, micro-units, summed over the visits",
    ),
)
"""On VISITED, from a source to a token, piece or context it read on from."""

HOLDS = "HOLDS"

HOLD_PROPERTIES: tuple[Property, ...] = (
    Property(
        "place",
        "STRING",
        "a file's name, relative to what was opened, with `#page=3` (RFC 8118), "
        "`#xywh=10,20,30,40` (W3C Media Fragments) or `:7` for a line",
    ),
)
"""On HOLDS, from a source to a composition it has evidence of: one edge per place."""

STRUCTURE: tuple[tuple[str, str], ...] = (
    ("BACKS_OFF_TO", "from a context to the one without its oldest token"),
    ("EXTENDS_TO", "from a token or context to the context one token longer; `token` is its key"),
    (
        HAS_WORD,
        "from a name of several words (`:Phrase`) to every token, however capitalised, that is one of "
        "its first 16 words; `position`, from 0, is where it comes first; derived",
    ),
)
"""Edges between compositions; not rated, and no reason to keep one."""

AGREES_WITH = "AGREES_WITH"

AGREEMENT_PROPERTIES: tuple[Property, ...] = (
    Property("words", "INTEGER", "words both sources know"),
    Property("pairs_low", "INTEGER", "pairs among these words that the first source relates"),
    Property("pairs_high", "INTEGER", "pairs among these words that the second source relates"),
    Property("shared", "INTEGER", "pairs that both relate"),
    Property("met", "INTEGER", "words with a common neighbour"),
    Property("lift", "INTEGER", "log10 of shared over chance, milli-decades; null if too few"),
    Property("overlap", "FLOAT", "shared, of the smaller one's pairs; near-copies from 0.9"),
    Property("stale", "BOOLEAN", "true until it is counted again, because rows of one changed"),
)
"""On AGREES_WITH, from the source of the lower name to the other: derived, for votes."""
