"""What Modelfiles name on this machine. The reference's cases run in tests/vectors."""

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import InvalidDigestError, NotFoundError, PaddockError, RequestError
from paddock.ingredients import (
    Ingredients,
    content_of,
    expand_path,
    files_at,
    files_for_model,
    gather,
    looks_like_path,
    named,
)
from paddock.modelfile import Modelfile
from paddock.names import Digest

BINARY = bytes(range(256))
DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path.resolve()


def fill(folder: Path, *names: str, content: bytes = b"text") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def gathered(folder: Path, *lines: str, within: Path | None = None) -> Ingredients:
    return gather(Modelfile.parse("\n".join(lines)), folder, within=within)


def names(folder: Path, *, of_adapter: bool = False) -> set[str]:
    found = files_for_model(folder, of_adapter=of_adapter)
    return {path.relative_to(folder.resolve()).as_posix() for path in found}


# -- what FROM, ADAPTER and DRAFT mean -------------------------------------------------------------


def test_a_file_is_found_beside_the_modelfile_and_a_model_by_its_name(folder: Path) -> None:
    fill(folder, "m.gguf", "mm.gguf")
    found = gathered(folder, "FROM ./m.gguf", "FROM mm.gguf", "FROM m.gguf", "FROM hf.co/u/r:Q4")
    assert found == Ingredients("hf.co/u/r:Q4", (folder / "m.gguf", folder / "mm.gguf"))


def test_a_file_shadows_a_model_and_an_empty_argument_is_the_folder(folder: Path) -> None:
    fill(folder, "llama3", "x/m.gguf", content=BINARY)
    assert gathered(folder, "FROM llama3").files == (folder / "llama3",)
    assert gathered(folder / "x", "FROM ").files == (folder / "x/m.gguf",)


@pytest.mark.parametrize(
    "argument", ["./absent", "../absent.gguf", "~/absent-of-paddock", "/absent/m.gguf", "a\\b"]
)
def test_what_looks_like_a_path_must_be_there(argument: str, folder: Path) -> None:
    assert looks_like_path(argument)
    with pytest.raises(NotFoundError, match="no such file or folder"):
        gathered(folder, f"FROM {argument}")


def test_blobs_may_be_named_by_their_digest(folder: Path) -> None:
    found = gathered(folder, f"FROM @{DIGEST}", f"ADAPTER @{DIGEST}")
    assert found == Ingredients("", (Digest(DIGEST),), (Digest(DIGEST),))
    with pytest.raises(InvalidDigestError):
        gathered(folder, "FROM @sha256:1")


def test_the_last_adapter_counts_and_drafts_add_up(folder: Path) -> None:
    fill(folder, "a.gguf", "b.gguf", "c.gguf")
    found = gathered(
        folder, "FROM m", "ADAPTER ./a.gguf", "ADAPTER b.gguf", "DRAFT a.gguf", "DRAFT c.gguf"
    )
    assert found.adapters == (folder / "b.gguf",)
    assert found.draft == (folder / "a.gguf", folder / "c.gguf")


@pytest.mark.parametrize("command", ["ADAPTER", "DRAFT"])
def test_adapters_and_drafts_are_files(command: str, folder: Path) -> None:
    with pytest.raises(NotFoundError, match=f"absent.*{command}"):
        gathered(folder, "FROM m", f"{command} absent")


def test_a_draft_is_not_the_model_itself_under_another_name(folder: Path) -> None:
    fill(folder, "m.gguf")
    (folder / "link.gguf").symlink_to(folder / "m.gguf")
    with pytest.raises(RequestError, match=r"DRAFT must not reference .* FROM: .*link\.gguf"):
        gathered(folder, "DRAFT link.gguf", "FROM m.gguf")


def test_only_one_folder_may_be_open(folder: Path) -> None:
    blobs = folder / "blobs"
    fill(folder, "m.gguf", "blobs/sha256-x", "blobs/deeper/y")
    assert gathered(folder, f"FROM {blobs}/sha256-x", within=blobs).files == (blobs / "sha256-x",)
    assert gathered(folder, "FROM m.gguf", within=blobs) == Ingredients("m.gguf")
    for argument in (f"{folder}/m.gguf", f"{blobs}/deeper/y", f"{blobs}/../m.gguf", "./m.gguf"):
        with pytest.raises(NotFoundError):
            gathered(folder, f"FROM {argument}", within=blobs)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_pipes_and_devices_are_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    for path in ("./pipe", "/dev/zero"):
        with pytest.raises(RequestError, match="not a regular file"):
            gathered(folder, f"FROM {path}")


def test_a_shard_stands_for_all_of_them(folder: Path) -> None:
    fill(folder, *(f"m-0000{index}-of-00003.gguf" for index in (1, 2, 3)), "m.gguf")
    found = files_at(folder / "m-00002-of-00003.gguf")
    assert [path.name[:7] for path in found] == ["m-00002", "m-00001", "m-00003"]
    assert files_at(folder / "m.gguf") == (folder / "m.gguf",)


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_argument_is_found_or_refused(argument: str) -> None:
    for command in ("FROM", "ADAPTER"):
        with contextlib.suppress(PaddockError):
            gather(Modelfile.parse(f"FROM m\n{command} {argument}"), Path("/nowhere"))


def test_unknown_users_are_named(folder: Path) -> None:
    with pytest.raises(RequestError, match="failed to find user 'nobody-of-that-name'"):
        expand_path("~nobody-of-that-name/x", folder)
    with pytest.raises(RequestError, match="failed to find user"):
        expand_path("~\0/x", folder)
    assert expand_path("~/x", folder) == Path.home() / "x"


# -- names in a request ----------------------------------------------------------------------------


def test_files_are_named_relative_to_what_they_share() -> None:
    assert named([]) == {}
    assert named([Path("/a/b/m.gguf")]) == {"m.gguf": Path("/a/b/m.gguf")}
    both = [Path("/a/model.safetensors"), Path("/a/1_Pooling/config.json")]
    assert list(named(both)) == ["model.safetensors", "1_Pooling/config.json"]
    assert named([Digest(DIGEST)]) == {DIGEST.replace(":", "-"): DIGEST}


def test_fields_of_a_request_hold_digests(folder: Path) -> None:
    fill(folder, "m.gguf", "a.gguf")
    found = gathered(folder, "FROM m.gguf", "ADAPTER a.gguf", "DRAFT a.gguf")
    assert found.fields(lambda source: f"<{Path(source).name}>") == {
        "files": {"m.gguf": "<m.gguf>"},
        "adapters": {"a.gguf": "<a.gguf>"},
        "draft_files": {"a.gguf": "<a.gguf>"},
    }
    assert Ingredients("base").fields(str) == {"from": "base"}


# -- files of a folder -----------------------------------------------------------------------------


def test_what_stands_beside_the_weights_goes_along(folder: Path) -> None:
    fill(
        folder, "model.safetensors", "config.json", "chat_template.jinja", "README.md", "x/y/z.json"
    )
    fill(folder, "tokenizer.model", "other.safetensors", content=BINARY)
    assert names(folder) == {
        "model.safetensors",
        "config.json",
        "chat_template.jinja",
        "tokenizer.model",
    }


def test_ggufs_and_other_binaries_come_last(folder: Path) -> None:
    fill(folder, "m.gguf", "mmproj.gguf", "weights.bin", content=BINARY)
    fill(folder, "empty.gguf", content=b"")
    assert names(folder) == {"m.gguf", "mmproj.gguf"}


def test_adapters_of_peft_are_found(folder: Path) -> None:
    fill(folder, "adapter_model.safetensors", "adapter_config.json")
    assert names(folder, of_adapter=True) == {"adapter_model.safetensors", "adapter_config.json"}
    with pytest.raises(RequestError, match="no Modelfile or safetensors files found"):
        names(folder)


def test_json_that_is_no_text_is_refused(folder: Path) -> None:
    fill(folder, "model.safetensors")
    fill(folder, "config.json", content=BINARY)
    with pytest.raises(RequestError, match="invalid content type: expected application/octet-"):
        names(folder)


def test_links_must_stay_inside(folder: Path) -> None:
    fill(folder, "secret.json", "in/real.safetensors", "in/.cache/x")
    inside = folder / "in"
    (inside / "model.safetensors").symlink_to("real.safetensors")
    (folder / "alias").symlink_to(inside)
    assert names(folder / "alias") == {"model.safetensors"}
    (inside / "config.json").symlink_to("../secret.json")
    with pytest.raises(RequestError, match=r"^insecure path: config\.json$"):
        names(inside)


def test_a_cache_of_links_needs_its_remedy(folder: Path) -> None:
    fill(folder, "elsewhere", ".cache/m/config.json")
    (folder / ".cache/m/model.safetensors").symlink_to(folder / "elsewhere")
    with pytest.raises(RequestError, match=r"insecure path: model\.safetensors; Use --local-dir"):
        names(folder / ".cache/m")


def test_a_snapshot_of_the_hugging_face_cache_reaches_its_own_blobs(folder: Path) -> None:
    repository = folder / "models--org--name"
    fill(repository, "blobs/1", "blobs/2")
    snapshot = repository / "snapshots/main"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to("../../blobs/1")
    (snapshot / "config.json").symlink_to("../../blobs/2")
    assert names(snapshot) == {"model.safetensors", "config.json"}
    (snapshot / "tokenizer.json").symlink_to(folder)
    (snapshot / "more.json").symlink_to("../../../outside")
    fill(folder, "outside")
    with pytest.raises(RequestError, match="insecure path"):
        names(snapshot)


@pytest.mark.parametrize(
    ("start", "content"),
    [
        (b"", "text"),
        (b"{}", "text"),
        ("ü".encode(), "text"),
        (b"\xff\xfea\0", "text"),
        (b"GGUF\x03\0\0\0", "binary"),
        (b"PK\x03\x04", "zip"),
        (b"x" * 512 + b"\0", "text"),
    ],
)
def test_the_first_bytes_tell_the_content(start: bytes, content: str, folder: Path) -> None:
    (folder / "x").write_bytes(start)
    assert content_of(folder / "x") == content
