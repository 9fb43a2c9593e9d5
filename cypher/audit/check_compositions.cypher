// Every composition with its properties; `folds` says whether `folded` is the folded text, `named` whether `name` follows from the text, unless it is a caption.
// in:
// out: id INTEGER, key STRING, text STRING, kind STRING, known STRING, labels LIST<STRING>, folds BOOLEAN, named BOOLEAN, own MAP
MATCH (c:Composition)
RETURN id(c) AS id, c.key AS key, c.text AS text, c.kind AS kind, c.known AS known,
       labels(c) AS labels, c.folded = normalize(toLower(c.text)) AS folds,
       c:DIGESTED_KINDS OR c.name = OWN_NAME(c.kind, c.text) AS named,
       c {OWN_PROPERTIES} AS own
