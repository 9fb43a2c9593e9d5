"""Figured folder: the pictures of a folder together with those inside its PDF files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hartonomous.errors import BadInput, NotFound
from hartonomous.opened_files import OpenedFile, opened_file
from hartonomous.pictures.picture_files import picture_key
from hartonomous.pictures.picture_folder import (
    Picture,
    PictureFolder,
    holds_pictures,
    named_pictures,
    open_folder,
)
from importers.captions.pdf_figures import PdfFigure, figure_pixels, read_figures
from importers.documents.sentence_sequence import find_documents

PDF = ".pdf"


@dataclass(frozen=True)
class FiguredPdf:
    """A PDF with figures: its name within the folder, and its captioned figures."""

    name: str
    figures: tuple[PdfFigure, ...]

    def place(self, figure: PdfFigure) -> str:
        """Return the name of one of its figures."""
        return f"{self.name}#page={figure.page}&picture={figure.number}"


@dataclass(frozen=True)
class FiguredFolder:
    """Pictures of a folder, then the figures of its PDF files, as one sequence; plain values, so that a
    worker can open it again.
    """

    folder: PictureFolder
    pdfs: tuple[FiguredPdf, ...]
    excluded: Counter[str] = field(default_factory=Counter)

    def pieces(self) -> list[tuple[int, int]]:
        """Return ranges of pictures, (first, behind the last): the figures of one PDF are read together."""
        ranges, at = self.folder.pieces(), len(self.folder)
        for pdf in self.pdfs:
            ranges.append((at, at + len(pdf.figures)))
            at += len(pdf.figures)
        return ranges

    def pictures(self, first: int, last: int, excluded: Counter[str]) -> Iterator[Picture]:
        """Yield the pictures of a range; what cannot be read is counted in `excluded`."""
        at = len(self.folder)
        yield from self.folder.pictures(first, min(last, at), excluded)
        for pdf in self.pdfs:
            wanted = pdf.figures[max(0, first - at) : max(0, last - at)]
            at += len(pdf.figures)
            if wanted:
                yield from self._figures(pdf, wanted, excluded)

    def captions(self) -> dict[str, tuple[str, ...]]:
        """Return the captions of figures, by name."""
        return {pdf.place(one): (one.caption,) for pdf in self.pdfs for one in pdf.figures}

    def files(self) -> Iterator[OpenedFile]:
        """Yield the files that were opened."""
        root = self.folder.root
        for name, digest in zip(self.folder.names, self.folder.digests, strict=True):
            yield OpenedFile(name, digest, (root / name).stat().st_size)
        yield from (opened_file(root / pdf.name, root) for pdf in self.pdfs)

    def _figures(
        self, pdf: FiguredPdf, figures: Sequence[PdfFigure], excluded: Counter[str]
    ) -> Iterator[Picture]:
        seen = 0
        try:
            for one, pixels in figure_pixels(self.folder.root / pdf.name, figures):
                seen += 1
                yield Picture(pdf.place(one), picture_key(pixels), pixels)
        except (BadInput, OSError):
            pass
        if seen < len(figures):
            excluded["unreadable pictures"] += len(figures) - seen


def open_figured(
    path: Path, exclude: Sequence[str] = (), limit: int | None = None
) -> FiguredFolder:
    """Return the pictures of a folder and the captioned figures of its PDF files, or those of one file.

    `limit` is of the pictures that are files. Raises NotFound if there is no such path, BadInput if it
    holds neither, or if it is one PDF that cannot be read.
    """
    if not path.exists():
        raise NotFound(f"There is nothing at {path}.")
    root, excluded = (path if path.is_dir() else path.parent), Counter[str]()
    found = find_documents(path, tuple(exclude)).documents
    pdfs = [
        pdf
        for file in found
        if file.suffix.lower() == PDF and (pdf := _figured(file, root, path.is_file(), excluded))
    ]
    if holds_pictures(path) or not pdfs:
        if path.suffix.lower() == PDF:
            raise BadInput(f"{path} has no picture with a caption beside it.")
        folder = open_folder(path, exclude, limit)
    else:
        folder = named_pictures(root, ())
    return FiguredFolder(folder, tuple(pdfs), excluded)


def _figured(file: Path, root: Path, alone: bool, excluded: Counter[str]) -> FiguredPdf | None:
    try:
        figures = read_figures(file)
    except (BadInput, OSError):
        if alone:
            raise
        excluded["unreadable files of captions"] += 1
        return None
    captioned = tuple(one for one in figures if one.caption)
    if len(captioned) < len(figures):
        excluded["pictures without a caption"] += len(figures) - len(captioned)
    name = file.relative_to(root).as_posix()
    return FiguredPdf(name, captioned) if captioned else None
