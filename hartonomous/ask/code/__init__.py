"""Questions about code: who calls whom, what depends on what, what does the same, what does what is meant."""
