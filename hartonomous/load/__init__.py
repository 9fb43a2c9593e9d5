"""Between bundle and graph: loading, suppression of what was erased, canonical export."""
