// Whether the graph has a composition whose text is a digest.
// in:
// out: found BOOLEAN
RETURN EXISTS { (:DIGESTED_KINDS) } AS found
