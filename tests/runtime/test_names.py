"""Names and digests: laws and attacks. The reference's own cases run in tests/vectors."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import InvalidDigestError, InvalidNameError, RequestError, UnsupportedError
from paddock.names import ModelName, parse_digest, split_reference

HEX = "0123456789abcdef" * 4

BAD_NAMES = [
    "..", "../etc/passwd", "a/../b", ".hidden", "m:..", "m:.hidden", "/nn/mm", "mm:", "m:a:b",
    "a/b/c/d:t", "m@sha256", "a b", "m\nx", "m\x00", "m:t\nx", "-m", "m:-t", "模型", "m\u0661",
    "~/m", "a\\b", "C:\\x\\y", "ns.dot/m", "a:b/m", "m" * 81, "m:" + "t" * 81, "h" * 351 + "/n/m",
    "host//model", "//", "%2e%2e/m", "m?x", "m#x",
]  # fmt: skip

BAD_DIGESTS = [
    "", "sha256:", HEX, f"sha256:{HEX[:-1]}", f"sha256:{HEX}0", f"sha256_{HEX}", f"SHA256:{HEX}",
    f"sha512:{HEX}", f" sha256:{HEX}", f"sha256:{HEX} ", f"sha256:{HEX}\n", f"\nsha256:{HEX}",
    f"sha256:{HEX}\x00", f"sha256:{HEX[:-1]}\x00", f"sha256:{HEX[:-3]}/..", f"sha256:{HEX}/..",
    f"sha256:{HEX[:-3]}../", f"sha256:../{HEX[3:]}", f"sha256-../{HEX[3:]}", f"../sha256-{HEX}",
    f"/sha256-{HEX}", f"/etc/sha256:{HEX}", f"sha256:%2e%2e%2f{HEX[9:]}", f"sha256%3A{HEX}",
    f"sha256:..\\{HEX[3:]}", f"sha256:{HEX[:-1]}g", f"sha256:{HEX[:-1]}\u0661",
    f"sha256:{HEX[:-1]}\uff11", f"sha256:{HEX[:-1]}\u00b2", f"sha256:{HEX[:-1]}é",
    f"sha256\uff1a{HEX}", f"ſha256:{HEX}", f"sha256::{HEX}", f"sha256:-{HEX}", f"sha256/{HEX}",
    f"sha256:0x{HEX[2:]}", f"sha256:+{HEX[1:]}", f"sha256: {HEX[1:]}", f"sha256:{HEX}-partial",
    f"sha256:{HEX}:", f"sha256:{HEX}\r\n", f"file:///sha256:{HEX}", "sha256:" + "." * 64,
    "sha256:" + "/" * 64,
]  # fmt: skip

part = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}", fullmatch=True)
host = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}", fullmatch=True)
namespace = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}", fullmatch=True)


def has_source_suffix(tag: str) -> bool:
    return tag.lower() in ("local", "cloud") or tag.lower().endswith("-cloud")


names = st.builds(
    ModelName, host, namespace, part, part.filter(lambda tag: not has_source_suffix(tag))
)


@given(names)
def test_a_name_is_what_its_full_form_and_its_path_parse_to(name: ModelName) -> None:
    assert ModelName.parse(name.full) == name
    assert ModelName.from_path(name.path) == name


@given(names)
def test_the_short_form_means_the_same_model(name: ModelName) -> None:
    assert ModelName.parse(name.short).full.lower() == name.full.lower()


@given(names)
def test_the_path_of_a_name_has_four_segments_inside_its_folder(name: ModelName) -> None:
    path = Path("/store") / name.path
    assert path.parts[1] == "store"
    assert len(path.parts) == 6
    assert ".." not in path.parts


@given(
    st.text(alphabet=st.sampled_from("ab.:/-_!@\\ \n\x00é1"), max_size=30) | st.text(max_size=30)
)
def test_any_text_is_a_name_inside_the_store_or_a_request_error(text: str) -> None:
    try:
        name = ModelName.parse(text)
    except RequestError:
        return
    assert ModelName.parse(name.full) == name
    assert len(Path(name.path).parts) == 4
    assert ".." not in Path(name.path).parts


@pytest.mark.parametrize("text", BAD_NAMES)
def test_bad_names_are_refused(text: str) -> None:
    with pytest.raises(InvalidNameError, match=r"^invalid model name$"):
        ModelName.parse(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_no_name_is_an_error_of_its_own(text: str) -> None:
    with pytest.raises(RequestError, match=r"^model is required$"):
        ModelName.parse(text)


@pytest.mark.parametrize(
    "path", ["a/b/c", "a/b/c/d/e", "a/b/../d", "a//c/d", "/a/b/c", "a/b.c/d/e"]
)
def test_bad_manifest_paths_are_refused(path: str) -> None:
    with pytest.raises(InvalidNameError):
        ModelName.from_path(path)


def test_a_name_cannot_be_built_from_bad_parts() -> None:
    with pytest.raises(InvalidNameError):
        ModelName("host", "..", "model", "tag")


def test_the_local_suffix_is_dropped_and_the_cloud_refused() -> None:
    assert ModelName.parse("llama3:8b:LOCAL").short == "llama3:8b"
    assert ModelName.parse("m:local").short == "m:latest"
    with pytest.raises(UnsupportedError, match="gpt-oss:20b"):
        ModelName.parse("gpt-oss:20b-cloud")


def test_the_stub_of_a_cloud_model_can_be_named() -> None:
    assert ModelName.parse_stored("m:8b:cloud").short == "m:8b-cloud"
    assert ModelName.parse_stored("m:cloud").short == "m:cloud"


def test_a_part_missing_beside_its_separator_is_not_defaulted() -> None:
    assert split_reference("mm:").tag == "!MISSING!"
    assert split_reference("/nn/mm").host == "!MISSING!"


@pytest.mark.parametrize("text", BAD_DIGESTS)
def test_bad_digests_are_refused(text: str) -> None:
    with pytest.raises(InvalidDigestError, match=r"^invalid digest format$"):
        parse_digest(text)


@pytest.mark.parametrize("text", [f"sha256:{HEX}", f"sha256-{HEX}", f"sha256:{HEX.upper()}"])
def test_digests_keep_their_spelling(text: str) -> None:
    assert parse_digest(text) == text
