"""Observation: content that people made, read without any model: captioned pictures, documents."""

from __future__ import annotations

from collections.abc import Sequence
from os import fspath
from pathlib import Path
from typing import Any

from hartonomous.errors import NotFound, UsageError
from hartonomous.operations.model_request import (
    ModelRequest,
    ModelSettings,
    PathName,
    request_model,
)
from hartonomous.pictures.picture_folder import holds_pictures

CAPTIONED, COUNTED = "captions", "documents"
"""The importers that need no model."""


def request_observation(
    content: PathName,
    captions: Sequence[PathName] = (),
    exclude: Sequence[str] = (),
    limit: int | None = None,
    subject: str | None = None,
    licence: str | None = None,
    figures: bool = False,
) -> ModelRequest:
    """Return the request for a folder or a file of pictures with captions, or else of documents.

    `captions` are files that say what the pictures show; without them, whatever lies beside the
    pictures does. `figures`: of PDF files without pictures beside them, their figures with captions
    instead of their text. `exclude` are patterns of files to skip, `limit` the first pictures or
    sentences. Raises NotFound if there is nothing, UsageError for captions of documents.
    """
    path = Path(content)
    if not path.exists():
        raise NotFound(f"There is nothing at {path}.")
    about: ModelSettings = {
        "exclude": list(exclude), "limit": limit, "subject": subject, "licence": licence,
    }  # fmt: skip
    if figures or holds_pictures(path):
        about |= {"importer": CAPTIONED}
        given: dict[str, Any] = {"captions": list(captions)}
    elif captions:
        raise UsageError(f"{path} holds no pictures that --captions could be of; leave it out.")
    else:
        about |= {"importer": COUNTED}
        given = {"count": True}
    return request_model(fspath(path), **about, **given)
