"""Questions about code: who calls whom, what depends on what, what nobody uses."""
