// The words of a text that generated pictures were asked for, the longest where one is part of another; the placeholder FIND_PROMPTED is filled with this.
// in:  $text STRING
// out: w NODE
WITH [part IN split(normalize(toLower($text)), ' ') WHERE part <> ''] AS parts
UNWIND range(0, size(parts) - 1) AS first
UNWIND range(first, CASE WHEN first + 7 < size(parts) THEN first + 7 ELSE size(parts) - 1 END) AS last
WITH first, last, reduce(text = parts[first], i IN range(first + 1, last) | text + ' ' + parts[i]) AS text
MATCH (w:Token {folded: text})
WHERE w.text = text AND EXISTS { (w)<-[:EFFECT_EVIDENCE]-(:Feature) }
WITH collect({first: first, last: last, w: w}) AS found
UNWIND found AS one
WITH one, found
WHERE none(other IN found WHERE other.first <= one.first AND other.last >= one.last
           AND other.last - other.first > one.last - one.first)
RETURN DISTINCT one.w AS w
