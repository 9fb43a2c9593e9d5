"""Pictures: files and folders of them, what detectors find in them, and what can be measured in them."""
