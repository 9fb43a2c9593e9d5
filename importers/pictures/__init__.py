"""Pictures as importers share them: options and the evidence of what can be measured in a picture."""
