// Compositions by a part of their text, for what holds a word.
// in:
// out:
CREATE TEXT INDEX composition_part IF NOT EXISTS FOR (c:Composition) ON (c.folded)
