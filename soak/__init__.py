"""Long random sequences and kill loops: `make soak` writes docs/soak.md."""
