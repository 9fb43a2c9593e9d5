// The work list of a rating pass.
// in:
// out: id INTEGER
MATCH (c:Unrated)
RETURN id(c) AS id
