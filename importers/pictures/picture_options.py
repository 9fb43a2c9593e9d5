"""Options that importers of models for pictures share."""

from __future__ import annotations

from hartonomous.extract.importer_options import PATH, ImporterOption

IMAGES = ImporterOption(
    "images",
    "Folder of pictures that the model is shown.",
    PATH,
    unfit=lambda value: "it is for models that see",
)
