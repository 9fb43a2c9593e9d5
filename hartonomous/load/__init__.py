"""From bundle to graph: loading, suppression of erased data, canonical export."""
