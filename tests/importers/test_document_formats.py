"""HTML, Markdown and PDF as a reader sees them: encodings, marks, raw HTML, pages, damage."""

from __future__ import annotations

import codecs
from collections import Counter
from pathlib import Path

import pypdf
import pytest

from hartonomous.errors import BadInput
from importers.documents import markdown_files, pdf_files, web_pages
from importers.documents.document_formats import read_document
from importers.documents.pdf_files import read_pdf
from importers.documents.sentence_sequence import FoundFiles, Reading, read_documents
from importers.documents.visible_text import visible
from importers.documents.web_pages import page_document
from tests.document_files import write_drawn, write_pdf


def sentences(file: Path) -> list[str]:
    return list(read(file).sentences)


def read(file: Path) -> Reading:
    return read_documents(file, FoundFiles([file]))


def page(folder: Path, body: str, head: str = "", encoding: str = "utf-8") -> Path:
    file = folder / "page.html"
    file.write_bytes(f"<html><head>{head}</head><body>{body}</body></html>".encode(encoding))
    return file


QUOTED = "The master\u2019s “office” costs € 12 \u2013 in cash."
LABELS = [
    ("iso-8859-1", "cp1252", QUOTED),
    ("ISO-8859-1", "cp1252", QUOTED),
    ("latin1", "cp1252", QUOTED),
    ("us-ascii", "cp1252", QUOTED),
    ("windows-1252", "cp1252", QUOTED),
    ("iso-8859-9", "cp1254", "Liman ofisi “sabah” aç\u0131l\u0131r."),
    ("iso-8859-15", "iso8859-15", "Das Café kostet 3 €."),
    ("gb2312", "gb18030", "港口办公室“九点”开门\uff0c要 € 12。"),
    ("gbk", "gbk", "港口办公室九点开門。"),
    ("big5", "big5hkscs", "港口辦公室九點開門。"),
    ("shift_jis", "cp932", "①港の㈱髙島屋は九時\uff5eです。"),
    ("x-sjis", "cp932", "港の事務所です。"),
    ("euc-jp", "euc_jp", "港の事務所です。"),
    ("iso-2022-jp", "iso2022_jp", "港の事務所です。"),
    ("euc-kr", "cp949", "항구 사무소는 똠방각하입니다."),
    ("ks_c_5601-1987", "cp949", "항구 사무소입니다."),
    ("tis-620", "cp874", "สำนักงานท่าเรือ“เปิด”เวลาเก้าโมง"),
    ("koi8-r", "koi8-r", "Порт открывается в девять."),
    ("windows-1251", "cp1251", "Порт «открыт» в девять."),
    ("utf-16", "utf-8", "Das Café öffnet."),
    ("utf-16le", "utf-8", "Das Café öffnet."),
    ("unicode-1-1-utf-8", "utf-8", "Das Café öffnet."),
]


@pytest.mark.parametrize(("label", "codec", "text"), LABELS)
def test_labels_mean_what_they_mean_in_a_browser(
    tmp_path: Path, label: str, codec: str, text: str
) -> None:
    declared = f'<meta http-equiv="Content-Type" content="text/html; charset={label}">'
    file = page(tmp_path, f"<p>{text}</p>", declared, codec)
    assert read_document(file).blocks == [text]
    file.write_bytes(f'<?xml version="1.0" encoding="{label}"?>\n<p>{text}</p>'.encode(codec))
    assert read_document(file).blocks[-1] == text


def test_what_codecs_of_python_lack_is_decoded(tmp_path: Path) -> None:
    def decoded(label: str, raw: bytes) -> str:
        file = tmp_path / "a.html"
        file.write_bytes(b'<meta charset="' + label.encode() + b'">' + raw)
        return read_document(file).blocks[0]

    assert decoded("euc-jp", b"\xad\xa1\xad\xea\xb9\xc1") == "①㈱港"
    assert decoded("gbk", b"\x80\xa2\xe3") == "€€"
    assert visible(decoded("latin1", b"a\x81b\x9dc")) == "abc"


def test_an_encoding_is_declared_by_an_element_or_a_mark(tmp_path: Path) -> None:
    text = "<p>Das Café öffnet.</p>"
    commented = '<!-- <meta charset="koi8-r"> --><script>"<meta charset=big5>"</script>'
    late = "<style>" + "a{}" * 2_000 + '</style><meta charset="windows-1252">'
    file = page(tmp_path, text, commented + late, "cp1252")
    assert read_document(file).blocks == ["Das Café öffnet."]
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        file.write_bytes(mark + f'<meta charset="koi8-r">{text}'.encode(codec))
        assert read_document(file).blocks == ["Das Café öffnet."]
    file.write_bytes(text.encode("cp1252"))
    with pytest.raises(BadInput, match=r"line 1, byte 10: 0xe9 is not UTF-8"):
        read_document(file)
    for label in ("hz-gb-2312", "iso-2022-kr"):
        file.write_bytes(f'<meta charset="{label}"><p>A.</p>'.encode())
        with pytest.raises(BadInput, match="which browsers do not decode"):
            read_document(file)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.json", "a.csv"])
@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_byte_order_mark_says_the_encoding(
    tmp_path: Path, name: str, mark: bytes, codec: str
) -> None:
    texts = {
        "a.json": '[{"question": "Wo ist das Café?", "answer": "Am Hafen."}]',
        "a.csv": "question,answer\r\nWo ist das Café?,Am Hafen.\r\n",
    }
    text = texts.get(name, "Wo ist das Café?\n\nAm Hafen.\n")
    (tmp_path / name).write_bytes(mark + text.encode(codec))
    assert sentences(tmp_path / name) == ["Wo ist das Café?", "Am Hafen."]


@pytest.mark.parametrize(
    ("marked", "seen"),
    [
        ("The har\u00adbour\u200b office\u2060 is\ufeff open.", "The harbour office is open."),
        ("A bell\x07 rings\x1b here.", "A bell rings here."),
        ("\u202bמשרד\u202c הנמל\u200f נפתח.", "משרד הנמל נפתח."),
        ("דפתר \u200eUSD\u200f 12.", "דפתר USD 12."),
        ("Auf\u200clage und Auf\u200dlage.", "Auflage und Auflage."),
        ("دفتر باز می\u200cشود.", "دفتر باز می\u200cشود."),
        ("क्\u200dष is a form.", "क्\u200dष is a form."),
        ("Families 👨\u200d👩\u200d👧 come.", "Families 👨\u200d👩\u200d👧 come."),
        (
            "The \ufb01nancial re\ufb02ection is e\ufb03cient.",
            "The financial reflection is efficient.",
        ),
        ("The ba\u00ad\nker comes.", "The baker comes."),
        ("\uff30\uff59\uff54\uff48\uff4f\uff4e \uff13 is ｶﾀｶﾅ.", "Python 3 is カタカナ."),
        ("\u2f47\u672c\u8a9e は easy.", "日本語 は easy."),
        ("\ufee3\ufef4\ufee8\ufe8e\ufe80 is a port.", "ميناء is a port."),
        ("Invalid\ufffe\U000e0041 code.", "Invalid code."),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_invisible_marks_go_and_their_sentence_stays(
    tmp_path: Path, name: str, marked: str, seen: str
) -> None:
    (tmp_path / name).write_text(marked, "utf-8")
    found = read(tmp_path / name)
    assert list(found.sentences) == [seen]
    assert not found.excluded


def test_a_page_is_read_as_a_browser_shows_it(tmp_path: Path) -> None:
    body = """
    <p>Run <code>make</code> in the <b>shell</b>,&nbsp;<i>soft&shy;ly</i><!-- unseen -->.</p>
    text before<hr>text after<div></div>and on
    <select><option>One<option>Two</select><button>Press</button>
    <p>Press <img alt="Save" src="s.png"> now, <math><mi>x</mi>
    <annotation encoding="t">\\x</annotation></math>.</p>
    <table><tr><td>Left<td>Right</table><textarea>A <b>field</b></textarea>
    <ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>
    <script>var unseen = "<p>unseen</p>"</script><template>unseen</template>
    <noscript>Switch scripts on.</noscript><svg><title>unseen</title><text>Drawn</text></svg>
    <svg><title>Menu</title></svg><pre>code = <b>1</b></pre><pre> = </pre><p>Line<br>break</p>"""
    document = read_document(page(tmp_path, body, "<title>The port</title>"))
    assert [" ".join(block.split()) for block in document.blocks] == [
        "The port", "Run make in the shell, soft\u00adly.", "text before", "text after", "and on",
        "One", "Two", "Press", "Press Save now, x .", "Left", "Right", "A <b>field</b>", "漢",
        "Line break",
    ]  # fmt: skip
    assert document.left_out == {
        "code blocks": 1, "ruby annotations": 1, "texts for browsers without scripts": 1,
        "drawings with text": 1,
    }  # fmt: skip


def test_elements_without_end_are_refused_before_they_are_parsed(tmp_path: Path) -> None:
    for html in (
        "<div>" * 200_000,
        "<p>".join(f"<font size={n}>" for n in range(20_000)),
        "<i></b>" * 50_000,
    ):
        file = page(tmp_path, html)
        with pytest.raises(BadInput, match="elements within each other that are not closed"):
            read_document(file)
        (tmp_path / "a.md").write_text(html)
        with pytest.raises(BadInput, match="elements within each other that are not closed"):
            read_document(tmp_path / "a.md")
    compared = "for(i=0;i<n;i++)if(a<b)" * 5_000
    assert page_document(f"<script>{compared}</script><!--{compared}--><p>Text").blocks == ["Text"]
    web_pages.refuse_nesting(file, f"<script>{compared}</script><!--{compared}--><p>Text")
    items = "".join(f"<li>Item {n}<p>Text" for n in range(5_000))
    assert len(page_document(f"<ul>{items}</ul>").blocks) == 10_000


def test_raw_html_in_markdown_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text(
        "<details><summary>How do I pay?</summary>\n\nYou pay by card.\n\n</details>\n\n"
        '<p>The office opens.</p>\n\n<div align="center">It is on the *pier*.</div>\n\n'
        "Inline <b>bold</b>, <kbd>Ctrl</kbd> and `code`.\n\n> [!NOTE]\n> The gate is locked.\n\n"
        "- [x] Done is done.\n\n~~Gone~~ it is. A note.[^1] See <title> and <textarea> here.\n\n"
        "[^1]: Fee.\n\n[^1]: Another.\n\n[^2]: Nobody refers to this.\n\n```\ncode = 1\n```\n\n<script>unseen()\n"
    )
    found = read(file)
    assert list(found.sentences) == [
        "How do I pay?", "You pay by card.", "The office opens.", "It is on the *pier*.",
        "Inline bold, Ctrl and code.", "Note", "The gate is locked.", "Done is done.",
        "Gone it is.", "A note.", "See <title> and <textarea> here.", "Fee.", "Another.", "Nobody refers to this.", "<script>unseen()",
    ]  # fmt: skip
    assert found.excluded == {"code blocks": 1}


@pytest.mark.parametrize(
    ("text", "blocks", "counted"),
    [
        ("---\ntitle: Unread\n---\n\nRead.\n", ["Read."], 1),
        ("---\r\ntitle: Unread\r\n---\r\n\r\nRead.\r\n", ["Read."], 1),
        ("---\ntitle: Unread\n...\nRead.", ["Read."], 1),
        ("+++\ntitle = 'Unread'\n+++\nRead.", ["Read."], 1),
        ("---\ntitle: Unread\n---", [], 1),
        ("---\n\nBetween two rules there is text.\n\n---\n\nAnd after.", None, 0),
        ("---\n---\nRead.", ["Read."], 0),
        ("---\nnever: closed", ["never: closed"], 0),
    ],
)
def test_front_matter_is_told_from_text(
    tmp_path: Path, text: str, blocks: list[str] | None, counted: int
) -> None:
    (tmp_path / "a.md").write_bytes(text.encode())
    document = read_document(tmp_path / "a.md")
    assert document.blocks == (
        ["Between two rules there is text.", "And after."] if blocks is None else blocks
    )
    assert document.left_out == Counter({"front matter": counted} if counted else {})


def test_markdown_that_nests_too_deep_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    for depth in (1, 40, markdown_files.MOST_NESTING - 3):
        file.write_text("> " * depth + "deep")
        assert read_document(file).blocks == ["deep"]
    for depth in (markdown_files.MOST_NESTING, 2_000):
        file.write_text("> " * depth + "deep")
        with pytest.raises(BadInput, match="nests quotes and lists"):
            read_document(file)


def test_brackets_that_nest_too_deep_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("![" * 100_000)
    with pytest.raises(BadInput, match="100,000 square brackets within each other"):
        read_document(tmp_path / "a.md")
    (tmp_path / "a.md").write_text("Not closed [ here.\n\n" * 3_000)
    assert len(read_document(tmp_path / "a.md").blocks) == 3_000


def test_words_that_lines_divide_are_whole(tmp_path: Path) -> None:
    lines = [
        "The administra-", "tion of the har-", "bour is on the north. A well-", "known master",
        "is there. The sea-", "port has a long-", "term plan, a long-term one. On-",
        "and offline. The sea and the port. At the Nord-", "Ostsee.",
    ]  # fmt: skip
    text = (
        "The administration of the harbour is on the north. A well-known master is there. "
        "The sea-port has a long-term plan, a long-term one. On- and offline. The sea and the "
        "port. At the Nord-Ostsee."
    )
    (tmp_path / "a.txt").write_text("\n".join(lines))
    assert " ".join(sentences(tmp_path / "a.txt")) == text
    assert " ".join(sentences(write_pdf(tmp_path / "a.pdf", [lines]))) == text


def test_ligatures_of_a_pdf_are_letters(tmp_path: Path) -> None:
    lines = ["The o\x04ce is di\x03cult.", "The \x01nancial re\x02ection is here."]
    marks = {"\x01": "\ufb01", "\x02": "\ufb02", "\x03": "\ufb03", "\x04": "\ufb03"}
    assert sentences(write_pdf(tmp_path / "a.pdf", [lines], marks)) == [
        "The office is difficult.", "The financial reflection is here.",
    ]  # fmt: skip


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_pdf_without_a_password_to_open_is_read(tmp_path: Path, algorithm: str) -> None:
    sound = write_pdf(tmp_path / "a.pdf", [["The office opens at nine."]])
    for password in ("", "secret"):
        writer = pypdf.PdfWriter(clone_from=sound)
        writer.encrypt(password, "owner", algorithm=algorithm)
        writer.write(tmp_path / f"locked{password}.pdf")
    assert sentences(tmp_path / "locked.pdf") == ["The office opens at nine."]
    with pytest.raises(BadInput, match="needs a password"):
        read_document(tmp_path / "lockedsecret.pdf")


def test_a_sentence_goes_on_across_pages_and_columns(tmp_path: Path) -> None:
    pages = [
        ["Harbour rules", "The harbour office opens at", "1"],
        ["Harbour rules", "nine and closes at five. Boats", "2"],
        [],
        ["Harbour rules", "leave at ten.", "4"],
    ]
    found = read(write_pdf(tmp_path / "a.pdf", pages))
    assert list(found.sentences) == [
        "The harbour office opens at nine and closes at five.", "Boats leave at ten.",
        "Harbour rules",
    ]  # fmt: skip
    columns = (
        b"BT /F1 12 Tf 14 TL 72 720 Td (The left column is) Tj T* (read before the) Tj ET "
        b"BT /F1 12 Tf 14 TL 320 720 Td (right one. So it) Tj T* (goes.) Tj ET"
    )
    assert sentences(write_drawn(tmp_path / "b.pdf", [columns])) == [
        "The left column is read before the right one.", "So it goes.",
    ]  # fmt: skip


def test_heads_that_are_drawn_first_do_not_divide_a_sentence(tmp_path: Path) -> None:
    pages = [
        f"BT /F1 12 Tf 1 0 0 1 72 800 Tm (Handbook) Tj 1 0 0 1 300 20 Tm (Page {n}) Tj "
        f"1 0 0 1 72 700 Tm ({text}) Tj ET".encode()
        for n, text in ((1, "The office opens at"), (2, "nine. It closes at"), (3, "five."))
    ]
    found = read(write_drawn(tmp_path / "a.pdf", pages))
    assert list(found.sentences) == [
        "The office opens at nine.", "It closes at five.", "Handbook", "Page 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.txt", "港口办公\n室九点开门。\n用卡。\n\n支付 Port\n港口", ["港口办公室九点开门。", "用卡。", "支付 Port 港口"]),
        ("a.html", "<p>港口办公\n  室九点\n开门。<b>用</b>\n卡</p>", ["港口办公室九点开门。", "用卡"]),
        ("a.md", "港口办公\n室九点开门。\n\n- 用\n  卡", ["港口办公室九点开门。", "用卡"]),
        ("a.txt", "ท่าเรือเปิดเวลา\nสำนักงานปิดแล้ว", ["ท่าเรือเปิดเวลา", "สำนักงานปิดแล้ว"]),
    ],
)  # fmt: skip
def test_lines_of_scripts_without_spaces_are_joined(
    tmp_path: Path, name: str, text: str, expected: list[str]
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert sentences(tmp_path / name) == expected


def test_headings_gaps_and_contents_are_blocks_of_their_own(tmp_path: Path) -> None:
    drawn = (
        b"BT /F1 20 Tf 72 720 Td (Harbour) Tj /F1 12 Tf 14 TL 0 -30 Td (The office opens) Tj T* "
        b"(at nine. A list) Tj 0 -28 Td (Another paragraph) Tj T* (goes on.) Tj T* "
        b"(Contents ........ 3) Tj T* (Chapter 1 . . . . . 5) Tj T* (It ends here.) Tj ET"
    )
    assert read_pdf(write_drawn(tmp_path / "a.pdf", [drawn])).blocks == [
        "Harbour", "The office opens\nat nine. A list", "Another paragraph\ngoes on.",
        "Contents ........ 3", "Chapter 1 . . . . . 5", "It ends here.",
    ]  # fmt: skip


def test_numbers_of_pages_are_counted_and_lines_with_numbers_are_kept(tmp_path: Path) -> None:
    pages = [
        [f"Page {n} of 3", f"Text number {word}."]
        for n, word in ((1, "one"), (2, "two"), (3, "three"))
    ]
    found = read(write_pdf(tmp_path / "a.pdf", pages))
    assert list(found.sentences) == [
        "Text number one.", "Text number two.", "Text number three.", "Page 1 of 3",
    ]  # fmt: skip
    assert found.excluded == {"page numbers and running heads": 2}
    pages = [[f"Berth {n} is paid.", "The end of it."] for n in (7, 3, 12)]
    found = read(write_pdf(tmp_path / "b.pdf", pages))
    assert {"Berth 7 is paid.", "Berth 3 is paid.", "Berth 12 is paid."} < set(found.sentences)


def test_pages_without_text_are_counted(tmp_path: Path) -> None:
    found = read(write_pdf(tmp_path / "a.pdf", [["The office opens."], [], [], []]))
    assert found.excluded == {"pages without text": 3}


def test_a_pdf_that_unfolds_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = write_drawn(tmp_path / "a.pdf", [b"q " * (1 << 26)], squeezed=True)
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(BadInput, match="within 2 GiB of memory"):
        read_document(bomb)
    monkeypatch.setattr(pdf_files, "SECONDS", 0.01)
    with pytest.raises(BadInput, match="takes longer than"):
        read_document(write_pdf(tmp_path / "b.pdf", [["A."]]))


def test_letters_a_pdf_does_not_name_are_not_guessed(tmp_path: Path) -> None:
    marks = {"\x01": "\ue062", "\x02": "\uf0b7"}
    lines = ["The \x01nancial report.", "\x02 The office opens at nine."]
    found = read(write_pdf(tmp_path / "a.pdf", [lines], marks))
    assert list(found.sentences) == ["The office opens at nine."]
    assert found.excluded == {"characters of private use": 1}


def test_pages_of_tags_alone_hold_nothing(tmp_path: Path) -> None:
    assert page_document("").blocks == page_document("<p> \n<br></p>").blocks == []
    assert web_pages.read_page(page(tmp_path, "")).left_out == {}
