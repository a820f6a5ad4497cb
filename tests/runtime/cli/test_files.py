from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.cli.files import Attachment, begins_with_path, candidates, extract, sniff
from paddock.errors import RequestError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
WAV = b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(16)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("what is in ./a.png please", ["./a.png"]),
        ("./a b.JPG and /c/d.webp", ["./a b.JPG", "/c/d.webp"]),
        (r"C:\pictures\a.jpeg", [r"C:\pictures\a.jpeg"]),
        (r"./my\ cat.png", [r"./my\ cat.png"]),
        ("look at cat.png", []),
        ("./x.gif ./y.svg", []),
        ("./sound.wav!", ["./sound.wav"]),
        ("./one.pngs", []),
    ],
)
def test_paths_are_seen_in_a_text(text: str, paths: list[str]):
    assert candidates(text) == paths


def test_files_are_attached_and_their_paths_leave_the_text(tmp_path: Path):
    picture = tmp_path / "my cat (1).png"
    picture.write_bytes(PNG)
    written = str(picture).replace(" ", r"\ ").replace("(", r"\(").replace(")", r"\)")
    seen: list[Attachment] = []
    text, contents = extract(f"what is in {written} or '{written}'?", seen.append)
    assert text == "what is in  or ?"
    assert contents == [PNG]
    assert [(one.path, one.noun) for one in seen] == [(str(picture), "image")]


def test_a_path_may_follow_what_only_looks_like_one(tmp_path: Path):
    sound = tmp_path / "a.wav"
    sound.write_bytes(WAV)
    text, contents = extract(f"is 1/2 of {sound} noise?")
    assert (text, contents) == ("is 1/2 of  noise?", [WAV])


def test_what_is_not_there_stays_text():
    text = "  see ./nothing-of-this-name.png  "
    assert extract(text) == (text, [])


def test_a_file_of_another_kind_is_refused(tmp_path: Path):
    (tmp_path / "a.png").write_text("<html>")
    with pytest.raises(RequestError, match="invalid file type: text/plain"):
        extract(f"{tmp_path}/a.png")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path):
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(100 * 2**20 + 1)
    with pytest.raises(RequestError, match=r"exceeds maximum limit \(100MB\)"):
        extract(str(path))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (PNG, "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (WAV, "audio/wave"),
        (b"????\x00\x00\x00\x00WAVE", "application/octet-stream"),
        (b"GIF89a", "image/gif"),
        (b"", "text/plain; charset=utf-8"),
    ],
)
def test_content_tells_the_kind(content: bytes, kind: str):
    assert sniff(content) == kind


def test_a_line_may_begin_with_a_path():
    assert begins_with_path("/tmp/a.png what is this")
    assert not begins_with_path("/bye")


@settings(deadline=None)
@given(st.text(alphabet="ab/.\\ png'"))
def test_any_text_without_files_is_left_alone(text: str):
    assert extract(text) == (text, [])
