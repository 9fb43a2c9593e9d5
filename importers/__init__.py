"""One module a kind of model; found by entry points, never imported by hartonomous."""
