"""Sentences of any language: where they end, which ask, where one is cut, which words they hold."""

# ruff: noqa: RUF001
from __future__ import annotations

from pathlib import Path

import pytest
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

from importers.documents.content_words import ContentWords, words_of
from importers.documents.sentence_boundaries import (
    cut_place,
    is_question,
    language_of,
    split_sentences,
)
from importers.documents.sentence_sequence import LONGEST, FoundFiles, Reading, read_documents
from importers.transformers.sentence_encoders import SentenceEncoder, open_encoder
from tests.models import MINILM
from tests.tiny_transformers import tiny_encoder

PARAGRAPHS = {
    "zh": "港口办公室九点开门。|您可以重置密码！|如何支付费用？|您可以用银行卡支付费用。",
    "ja": "港の事務所は九時に開きます。|料金はどこで払いますか。|窓口で払います。",
    "th": "สำนักงานท่าเรือเปิดเวลาเก้าโมง |คุณจ่ายด้วยบัตรที่เคาน์เตอร์ |ค่าธรรมเนียมเท่าไร?",
    "hi": "कार्यालय नौ बजे खुलता है। |शुल्क कैसे दें? |आप कार्ड से शुल्क दें।",
    "bn": "অফিস নয়টায় খোলে। |কীভাবে টাকা দেব? |কার্ডে দিন।",
    "ar": "يفتح مكتب الميناء في التاسعة. |كيف أدفع الرسوم؟ |تدفع الرسوم بالبطاقة.",
    "ur": "دفتر نو بجے کھلتا ہے۔ |فیس کیسے دیں؟ |کارڈ سے دیں۔",
    "fa": "دفتر ساعت نه باز می\u200cشود. |هزینه چقدر است؟ |ده یورو.",
    "am": "ወደቡ በዘጠኝ ይከፈታል። |እንዴት እከፍላለሁ፧ |በካርድ ይከፍላሉ።",
    "km": "ការិយាល័យបើកនៅម៉ោងប្រាំបួន។ |អ្នកបង់ដោយកាត។",
    "hy": "Նավահանգիստը բացվում է իննին։ |Ինչպե՞ս վճարել։ |Վճարեք քարտով։",
    "el": "Το λιμάνι ανοίγει στις εννέα. |Πώς πληρώνω; |Πληρώνετε με κάρτα.",
    "ru": "Порт открывается в 9 ч. утра. |Как оплатить? |А. С. Пушкин родился в Москве.",
    "ko": "항구 사무소는 아홉 시에 엽니다. |어떻게 지불합니까? |카드로 지불하세요.",
    "de": "Die Gebühr beträgt z. B. 12,50 Euro. |Wie zahle ich? |Am 3. Oktober ist geschlossen.",
    "fr": "Le port ouvre à neuf heures. |Comment payer ? |M. Dupont paie par carte.",
    "en": 'Dr. Smith paid $12.50 on Jan. 5th. |"Is it open?" he asked. |Really?! |It is 3.14.',
}
ASKING = "如何支付费用？|料金はどこで払いますか。|ค่าธรรมเนียมเท่าไร?|शुल्क कैसे दें?|কীভাবে টাকা দেব?|كيف أدفع الرسوم؟|فیس کیسے دیں؟|هزینه چقدر است؟|እንዴት እከፍላለሁ፧|Ինչպե՞ս վճարել։|Πώς πληρώνω;|Как оплатить?|어떻게 지불합니까?|Wie zahle ich?|Comment payer ?|Really?!"


@pytest.fixture(scope="module")
def minilm() -> SentenceEncoder:
    return open_encoder(MINILM)


def read(folder: Path, text: str) -> Reading:
    (folder / "a.txt").write_text(text, "utf-8")
    return read_documents(folder / "a.txt", FoundFiles([folder / "a.txt"]))


@pytest.mark.parametrize("language", PARAGRAPHS)
def test_a_paragraph_of_any_language_is_its_sentences(tmp_path: Path, language: str) -> None:
    text = PARAGRAPHS[language]
    expected = [sentence.strip() for sentence in text.split("|")]
    found = read(tmp_path, text.replace("|", ""))
    assert list(found.sentences) == expected
    assert [text for text in expected if is_question(text)] == [
        text for text in expected if text in ASKING.split("|")
    ]
    asked = [place for place, text in enumerate(expected[:-1]) if is_question(text)]
    assert {pair[0] for pair in found.answers} == set(asked)


def test_languages_stand_side_by_side(tmp_path: Path) -> None:
    german = "Am 3. Oktober ist das Büro geschlossen, wie die Bzw. Abt. sagt. " * 5
    english = "The office of Dr. Smith is closed on that day, and nobody knows why. " * 5
    found = read(tmp_path, f"{english}\n\n{german}\n\n港口九点开门。用卡支付。")
    assert list(found.sentences) == [
        english[:68], german[:63], "港口九点开门。", "用卡支付。"
    ]  # fmt: skip
    assert (language_of(german), language_of("Oh."), language_of("12 34")) == ("de", None, None)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("1. First item. 2. Second item.", ["1. First item.", "2. Second item."]),
        ("J. R. R. Tolkien wrote. He did.", ["J. R. R. Tolkien wrote.", "He did."]),
        ("他说：“港口开了。”我们走吧！", ["他说：“港口开了。”", "我们走吧！"]),
        ("สุนัข แมว และนก เข้าได้", ["สุนัข แมว และนก เข้าได้"]),
        ("One\nline\n\nand\n \t\nanother", ["One\nline", "and", "another"]),
        ("42", ["42"]),
        (" \n ", []),
    ],
)
def test_edges_of_sentences(text: str, sentences: list[str]) -> None:
    assert list(split_sentences(text)) == sentences


@pytest.mark.parametrize("piece", ["' ", "“a. ", "(", "a", "港", "1. ", "ก", "A. ", "\n", "? "])
def test_long_texts_of_one_kind_are_split_whole(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    found = "".join("".join(split_sentences(text)).split())
    assert found == "".join(text.split())


def test_what_is_too_long_is_cut_and_nothing_is_lost(tmp_path: Path) -> None:
    words = " ".join(f"word{n}," if n % 9 == 0 else f"word{n}" for n in range(600))
    ideographs = "".join(f"港{chr(0x4E00 + n)}" for n in range(1_250))
    emoji = "".join(f"{chr(0x5E00 + n)}e\u0301👨\u200d👩\u200d👧" for n in range(300))
    found = read(tmp_path, f"{words}.\n\n{ideographs}\n\n{emoji}")
    assert not found.excluded and found.cut == 3
    parts = list(found.sentences)
    assert all(0 < len(part) <= LONGEST for part in parts)
    assert "".join("".join(parts).split()) == "".join(
        f"{words}.{ideographs}{emoji}".replace("e\u0301", "é").split()
    )
    assert all(part.endswith(",") for part in parts[:3])
    assert not any(part.startswith(("\u200d", "\u0301")) for part in parts)
    assert cut_place("a\u0301\u0302" * 10, 4) == 3


def test_a_long_answer_is_cut_and_answers_with_every_part(tmp_path: Path) -> None:
    answer = " ".join(f"step {n}" for n in range(400))
    file = tmp_path / "a.json"
    file.write_text(f'[{{"question": "How?", "answer": "{answer}"}}]')
    found = read_documents(file, FoundFiles([file]))
    assert len(found.sentences) > 3
    assert set(found.answers) == {(0, part) for part in range(1, len(found.sentences))}


def test_an_encoder_reads_the_whole_of_a_sentence(tmp_path: Path, minilm: SentenceEncoder) -> None:
    (tmp_path / "a.txt").write_text("港口办公室" * 150 + "。\n\nThe harbour is open.")
    found = read_documents(tmp_path / "a.txt", FoundFiles([tmp_path / "a.txt"]), None, minilm.reach)
    assert found.cut == 1
    for text in found.sentences:
        assert minilm.reach(text) == len(text)
        assert len(text) <= 254
    english = "the harbour " * 80
    assert minilm.reach(english) == len(english)


def test_words_are_runs_of_letters_with_their_marks() -> None:
    assert words_of("कार्यालय नौ बजे, می\u200cشود 3.14 e\u0323\u0301 don't") == [
        "कार्यालय", "नौ", "बजे", "می\u200cشود", "3", "14", "e\u0323\u0301", "don", "t",
    ]  # fmt: skip
    assert words_of("Python入門とカタカナー語の3章 ภาษาไทย") == [
        "Python", "入門とカタカナー語の", "3", "章", "ภาษาไทย",
    ]  # fmt: skip


def test_words_without_spaces_are_the_encoders_tokens(minilm: SentenceEncoder) -> None:
    content = ContentWords(MINILM, minilm)
    sentences = [
        "港口办公室九点开门。",
        "料金はどこで払いますか",
        "The port 港口 opens.",
        "สำนักงานท่าเรือ",
    ]
    assert list(content.of(sentences)) == [
        ["港", "口", "办", "公", "室", "九", "点", "开", "门"],
        ["料", "金", "払"],
        ["port", "港", "口", "opens"],
        ["สำนักงาน", "ท่าเรือ"],
    ]
    assert minilm.unknown_share(["สำนักงาน"]) == 1.0
    assert minilm.unknown_share(["The port opens."]) == 0.0


def unigram() -> Tokenizer:
    pieces = ["<unk>", "\u2581", "港口", "办公室", "九点", "\u2581港口", "สำ", "นัก", "。"]
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def byte_level() -> Tokenizer:
    alphabet = ["<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    numbers = {character: number for number, character in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(numbers, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


@pytest.mark.parametrize(
    ("tokenizer", "words"),
    [
        (unigram(), [["港口", "办公室", "九点"], ["สำ", "นัก", "งาน"], ["港"]]),
        (byte_level(), [["港", "口", "办", "公", "室", "九", "点"], [], ["港"]]),
    ],
)
def test_tokens_of_every_kind_of_tokenizer_are_words(
    tmp_path: Path, tokenizer: Tokenizer, words: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_encoder(tmp_path / "e")
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<unk>"
    )
    fast.save_pretrained(path)
    encoder = open_encoder(path)
    content = ContentWords(path, encoder)
    assert list(content.of(["港口办公室九点。", "สำนักงาน", "港"])) == words
    # One that does not tell where its tokens stand: ICU's dictionary tells the words.
    monkeypatch.setattr(encoder, "_placing", False)
    assert list(content.of(["สำนักงานท่าเรือ"])) == [["สำนักงาน", "ท่าเรือ"]]
    assert encoder.reach("港" * 500) == 500
    assert encoder.unknown_share(["港"]) == 0.0


@pytest.mark.parametrize(
    "pair", ["『』", "〈〉", "【】", "〔〕", "［］", "｛｝", "〝〟", "＂＂", "「」", "《》"]
)
def test_what_closes_a_quotation_stays_with_it(pair: str) -> None:
    text = f"他走进{pair[0]}办公室真的大！{pair[1]}他说今天很好。"
    assert list(split_sentences(text, "zh")) == [text[: text.index("他说")], "他说今天很好。"]


def test_german_quotations_are_whole() -> None:
    text = "„Halt!“ rief er. ‚Nein!‘ rief sie. Dann ging er."
    assert list(split_sentences(text, "de")) == [
        "„Halt!“ rief er.", "‚Nein!‘ rief sie.", "Dann ging er.",
    ]  # fmt: skip
