import base64
import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import pytest

from paddock.api import CreateRequest, ProgressResponse, build
from paddock.creation import create
from paddock.errors import (
    BlobNotFoundError,
    GGUFError,
    InvalidDigestError,
    InvalidNameError,
    ModelNotFoundError,
    NotFoundError,
    OptionError,
    PaddockError,
    RequestError,
    UnsupportedError,
)
from paddock.models import Models
from paddock.names import ModelName
from paddock.store.local import LocalStore, Manifest
from paddock.stream import Cancelled

MINIMAL = base64.b64decode(
    "R0dVRgMAAAAAAAAAAAAAAAEAAAAAAAAAFAAAAAAAAABnZW5lcmFsLmFyY2hpdGVjdHVyZQgAAAAEAAAAAAAAAHRlc3Q="
)
"""A GGUF that names its architecture, "test", and holds no tensor."""
MINIMAL_DIGEST = "sha256:" + hashlib.sha256(MINIMAL).hexdigest()
FILES = {"test.gguf": MINIMAL_DIGEST}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "models")
    store.put_blob(MINIMAL)
    return store


Make = Callable[..., list[str]]


@pytest.fixture
def make(store: LocalStore) -> Make:
    def make(model: str, **fields: Any) -> list[str]:
        progress: list[ProgressResponse] = []
        request = build(CreateRequest, {"model": model, **fields})
        create(Models(store), request, progress.append)
        return [part.status or "" for part in progress]

    return make


def manifest(store: LocalStore, name: str) -> Manifest:
    return store.read_manifest(ModelName.parse(name))


def contents(store: LocalStore, name: str) -> list[tuple[str, bytes]]:
    return [
        (layer.kind, store.find_blob(layer.digest).read_bytes())
        for layer in manifest(store, name).layers
        if layer.kind != "model"
    ]


def config(store: LocalStore, name: str) -> dict[str, Any]:
    layer = manifest(store, name).config
    assert layer is not None
    return json.loads(store.read_blob(layer.digest))


def write_gguf(path: Path, architecture: str = "llama", **facts: str | int | bool) -> Path:
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in facts.items():
        add = {str: writer.add_string, int: writer.add_uint32, bool: writer.add_bool}[type(value)]
        add(key.replace("__", "."), value)  # type: ignore[arg-type]
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    return path


# -- where the weights come from -------------------------------------------------------------------


def test_a_gguf_file_is_stored_byte_for_byte(
    make: Make, store: LocalStore, tiny_gguf: Path
) -> None:
    statuses = make("tiny", from_=str(tiny_gguf))
    digest = "sha256:" + hashlib.sha256(tiny_gguf.read_bytes()).hexdigest()
    assert statuses == [
        "parsing GGUF",
        f"creating new layer {digest}",
        "writing manifest",
        "success",
    ]
    (weights,) = manifest(store, "tiny").layers
    assert (weights.kind, weights.digest) == ("model", digest)
    assert store.find_blob(digest).read_bytes() == tiny_gguf.read_bytes()
    assert config(store, "tiny") == {
        "model_format": "gguf",
        "model_family": "llama",
        "model_families": ["llama"],
        "model_type": "93K",
        "file_type": "Q8_0",
        "architecture": "amd64",
        "os": "linux",
    }
    assert f"using existing layer {digest}" in make("again", from_=str(tiny_gguf))


def test_a_safetensors_folder_is_converted(
    make: Make, store: LocalStore, minilm_folder: Path, minilm_gguf: Path
) -> None:
    statuses = make("minilm", from_=str(minilm_folder))
    assert statuses[0] == "converting model"
    (weights,) = manifest(store, "minilm").layers
    assert store.find_blob(weights.digest).read_bytes() == minilm_gguf.read_bytes()
    facts = config(store, "minilm")
    assert (facts["model_family"], facts["model_type"]) == ("bert", "22.57M")
    assert facts["file_type"] == "F16"
    assert Models(store).resolve("minilm").capabilities == ("embedding",)


def test_uploaded_safetensors_give_the_same_bytes_as_their_folder(
    make: Make, store: LocalStore, minilm_folder: Path, minilm_gguf: Path
) -> None:
    names = (
        "1_Pooling/config.json",
        "config.json",
        "model.safetensors",
        "modules.json",
        "tokenizer.json",
    )
    make("m", files={name: store.put_file(minilm_folder / name).digest for name in names})
    (weights,) = manifest(store, "m").layers
    assert weights.digest == "sha256:" + hashlib.sha256(minilm_gguf.read_bytes()).hexdigest()
    assert sorted(path.name for path in store.root.iterdir() if path.is_dir()) == [
        "blobs",
        "manifests",
    ]


def test_relative_and_home_paths_are_found(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.gguf").write_bytes(MINIMAL)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "m.gguf").write_bytes(MINIMAL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("m.gguf", "./m.gguf", "~/m.gguf", "folder", "./folder"):
        assert make("m", from_=path)[-1] == "success"


def test_a_stored_model_comes_before_a_folder_of_its_name(
    make: Make, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("base", files=FILES, system="of the store")
    (tmp_path / "base").mkdir()
    monkeypatch.chdir(tmp_path)
    make("derived", from_="base")
    assert contents(store, "derived") == [("system", b"of the store")]


def test_a_folder_of_ggufs_gives_weights_and_projector(
    make: Make, store: LocalStore, tmp_path: Path
) -> None:
    folder = tmp_path / "vision"
    folder.mkdir()
    write_gguf(folder / "a.gguf", llama__block_count=1)
    write_gguf(folder / "b.gguf", "clip", clip__has_vision_encoder=True)
    write_gguf(folder / "c.gguf", general__type="mmproj")
    make("v", from_=str(folder))
    assert [layer.kind for layer in manifest(store, "v").layers] == [
        "model",
        "projector",
        "projector",
    ]


def test_a_gguf_adapter_is_a_layer_after_the_base(
    make: Make, store: LocalStore, tmp_path: Path
) -> None:
    blob = store.put_file(write_gguf(tmp_path / "lora.gguf", general__type="adapter"))
    make("tuned", files=FILES, adapters={"lora.gguf": blob.digest}, system="hi")
    assert [layer.kind for layer in manifest(store, "tuned").layers] == [
        "model",
        "adapter",
        "system",
    ]


# -- what is put on top ----------------------------------------------------------------------------


def test_layers_have_the_order_and_bytes_of_the_reference(make: Make, store: LocalStore) -> None:
    make(
        "full",
        files=FILES,
        template="{{ .System }} {{ .Prompt }}",
        system="Say bye!",
        license=["Apache-2.0", "", "MIT"],
        parameters={"temperature": 1, "top_k": 10, "stop": ["USER:", "<|end|>"], "top_p": 0.7},
        messages=[
            {"role": "User", "content": "<Harry>"},
            {"role": "assistant"},
        ],
    )
    assert contents(store, "full") == [
        ("template", b"{{ .System }} {{ .Prompt }}"),
        ("system", b"Say bye!"),
        ("license", b"Apache-2.0"),
        ("license", b"MIT"),
        (
            "params",
            b'{"stop":["USER:","\\u003c|end|\\u003e"],"temperature":1,"top_k":10,"top_p":0.7}\n',
        ),
        (
            "messages",
            b'[{"role":"user","content":"<>"},{"role":"assistant","content":""}]\n'.replace(
                b"<>", b"\\u003cHarry\\u003e"
            ),
        ),
    ]


def test_a_derived_model_inherits_and_overrides(make: Make, store: LocalStore) -> None:
    make(
        "base",
        files=FILES,
        template="{{ .Prompt }}",
        system="old",
        license="MIT",
        parameters={"temperature": 1, "top_k": 10, "stop": ["a", "b"]},
        messages=[{"role": "user", "content": "old"}],
    )
    statuses = make(
        "derived",
        from_="BASE",
        system="new",
        license="Apache-2.0",
        parameters={"temperature": 0.6, "stop": ["c"]},
        messages=[],
    )
    assert contents(store, "derived") == [
        ("template", b"{{ .Prompt }}"),
        ("license", b"MIT"),
        ("messages", b'[{"role":"user","content":"old"}]\n'),
        ("system", b"new"),
        ("license", b"Apache-2.0"),
        ("params", b'{"stop":["c"],"temperature":0.6,"top_k":10}\n'),
    ]
    origins = {layer.kind: layer.from_ for layer in manifest(store, "derived").layers}
    assert origins["model"] == origins["template"] == "base:latest"
    assert origins["system"] == ""
    assert statuses[0] == f"using existing layer {MINIMAL_DIGEST}"
    assert config(store, "derived") == config(store, "base")


def test_what_stays_empty_is_inherited(make: Make, store: LocalStore) -> None:
    make("base", files=FILES, system="kept", parameters={"num_ctx": 512})
    make("derived", from_="base", system="", template="", license="", parameters={})
    assert contents(store, "derived") == [("system", b"kept"), ("params", b'{"num_ctx":512}\n')]


def test_manifests_are_those_of_the_reference(make: Make, store: LocalStore) -> None:
    parameters = {"temperature": 1, "top_k": 10, "stop": ["USER:", "ASSISTANT:"]}
    make("test", files=FILES, parameters=parameters)
    make("test2", from_="test", parameters={"temperature": 0.6, "top_p": 0.7})
    digests = {
        name: hashlib.sha256(store.manifest_path(ModelName.parse(name)).read_bytes()).hexdigest()
        for name in ("test", "test2")
    }
    assert digests == {
        "test": "af78d3e1c68227b240c9b0fc61cbacaa4a8942e85be2320a219b83a05ccee39a",
        "test2": "5e099d4662a7f02c673bf16d20b589a7f842678391df279833d59dfc7c9137f0",
    }


def test_creating_again_replaces_the_model_and_drops_what_nothing_uses(
    make: Make, store: LocalStore
) -> None:
    make("Test", files=FILES, template="old")
    old = contents(store, "Test")
    make("test", files=FILES, template="new")
    assert contents(store, "Test") == [("template", b"new")] != old
    assert not store.has_blob("sha256:" + hashlib.sha256(b"old").hexdigest())
    assert [name.short for name, _ in store.manifests()] == ["Test:latest"]


# -- what cannot be made ---------------------------------------------------------------------------


def no_digest(content: bytes = b"absent") -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({}, RequestError, "neither 'from' or 'files' was specified"),
        ({"files": {}}, RequestError, "unknown type"),
        ({"files": {"m.gguf": ""}}, InvalidDigestError, "invalid digest format"),
        ({"files": {"m.gguf": no_digest()}}, BlobNotFoundError, "not found"),
        ({"files": {"../m.gguf": MINIMAL_DIGEST}}, RequestError, "file path must be relative"),
        ({"files": {"/m.gguf": MINIMAL_DIGEST}}, RequestError, "file path must be relative"),
        ({"files": {"a//b": MINIMAL_DIGEST}}, RequestError, "file path must be relative"),
        ({"files": {"C:b": MINIMAL_DIGEST}}, RequestError, "file path must be relative"),
        ({"files": {"": MINIMAL_DIGEST}}, RequestError, "file path must be relative"),
        ({"files": FILES, "quantize": "Q4_K_M"}, RequestError, "cannot be quantised"),
        ({"files": FILES, "quantize": "Q9"}, UnsupportedError, "unsupported quantization type Q9"),
        ({"files": FILES, "parameters": {"temprature": 1}}, OptionError, 'mean "temperature"'),
        ({"files": FILES, "parameters": {"top_k": "x"}}, OptionError, "must be of type integer"),
        ({"files": FILES, "adapters": FILES}, RequestError, "not an adapter"),
        ({"files": FILES, "adapters": {"a": no_digest()}}, BlobNotFoundError, "not found"),
        ({"files": FILES, "adapters": {"a": ""}}, InvalidDigestError, "invalid digest format"),
        (
            {"files": FILES, "adapters": {"a": no_digest(), "b": no_digest()}},
            RequestError,
            "only one adapter",
        ),
        ({"from_": "absent"}, ModelNotFoundError, "absent"),
        ({"from_": "./absent.gguf"}, NotFoundError, "no such file or folder"),
        ({"from_": "absent.gguf"}, NotFoundError, "no such file or folder"),
        ({"from_": "a b"}, InvalidNameError, "invalid model name"),
        ({"from_": "~nobody-of-that-name/x"}, RequestError, "nobody-of-that-name"),
        ({"from_": "x" * 5000}, InvalidNameError, "invalid model name"),
        ({"from_": "a\0b"}, InvalidNameError, "invalid model name"),
    ],
)
def test_a_wrong_request_leaves_the_store_as_it_was(
    fields: dict[str, Any],
    kind: type[PaddockError],
    message: str,
    make: Make,
    store: LocalStore,
) -> None:
    before = files_of(store)
    with pytest.raises(kind, match=message):
        make("new", **fields)
    assert files_of(store) == before


def files_of(store: LocalStore) -> set[str]:
    found = (path for path in store.root.rglob("*") if path.is_file())
    return {path.relative_to(store.root).as_posix() for path in found} - {".paddock.lock"}


@pytest.mark.parametrize("name", ["a b", "", "x" * 81, "../x"])
def test_the_new_name_must_be_valid(name: str, make: Make) -> None:
    with pytest.raises(RequestError):
        make(name, files=FILES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "magic"),
        (b"PK\x03\x04" + bytes(100), "magic"),
        (MINIMAL[:40], "truncated"),
        (struct.pack("<4sIQQ", b"GGUF", 3, 1 << 60, 1), "truncated"),
    ],
)
def test_a_file_that_is_no_gguf_is_named(
    content: bytes, message: str, make: Make, store: LocalStore, tmp_path: Path
) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    before = files_of(store)
    with pytest.raises(GGUFError, match=rf"broken\.gguf.*{message}"):
        make("new", from_=str(path))
    assert files_of(store) == before


def test_uploads_that_are_no_weights_are_refused(make: Make, store: LocalStore) -> None:
    text = store.put_blob(b"some text").digest
    with pytest.raises(RequestError, match="supplied file was not in GGUF format"):
        make("m", files={"m.gguf": text})
    with pytest.raises(RequestError, match="unknown type"):
        make("m", files={"m.txt": text})
    assert make("m", files={"any": MINIMAL_DIGEST, "note.txt": text})[-1] == "success"


def test_parts_and_projectors_alone_are_refused(make: Make, tmp_path: Path) -> None:
    part = write_gguf(tmp_path / "m-00001-of-00002.gguf", split__count=2, split__no=0)
    with pytest.raises(GGUFError, match=r'"m-00001-of-00002\.gguf" is missing shard 1'):
        make("m", from_=str(part))
    odd = write_gguf(tmp_path / "odd.gguf", split__count="many")
    assert make("m", from_=str(odd))[-1] == "success"
    with pytest.raises(RequestError, match="only: projector"):
        make("m", from_=str(write_gguf(tmp_path / "p.gguf", general__type="projector")))


def test_folders_without_weights_and_single_safetensors_say_what_is_needed(
    make: Make, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RequestError, match="no Modelfile or safetensors files found"):
        make("m", from_=str(empty))
    (empty / "model.safetensors").write_bytes(b"")
    with pytest.raises(RequestError, match="name the folder"):
        make("m", from_=str(empty / "model.safetensors"))
    with pytest.raises(RequestError, match=r"config\.json"):
        make("m", from_=str(empty))


def test_a_base_with_a_missing_blob_is_refused(make: Make, store: LocalStore) -> None:
    make("base", files=FILES)
    store.find_blob(MINIMAL_DIGEST).unlink()
    with pytest.raises(BlobNotFoundError):
        make("derived", from_="base")


@pytest.mark.parametrize("at", ["converting model", "creating new layer", "writing manifest"])
def test_a_stop_in_the_middle_leaves_every_model_whole(
    at: str, store: LocalStore, make: Make, minilm_folder: Path
) -> None:
    make("old", files=FILES, system="old")
    before = manifest(store, "old")

    def progress(part: ProgressResponse) -> None:
        if (part.status or "").startswith(at):
            raise Cancelled

    request = CreateRequest(model="old", from_=str(minilm_folder), system="new")
    with pytest.raises(Cancelled):
        create(Models(store), request, progress)
    assert manifest(store, "old") == before
    for path in (store.root / "blobs").iterdir():
        assert path.name == "sha256-" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert not list(store.root.glob(".create-*"))
