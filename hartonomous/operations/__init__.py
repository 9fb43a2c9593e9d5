"""Use cases that join several packages; the command line and the API call them."""
