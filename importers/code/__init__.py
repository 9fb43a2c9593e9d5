"""Code bases: symbols and their relations, read with tree-sitter grammars."""
