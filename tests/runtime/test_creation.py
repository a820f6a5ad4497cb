import base64
import hashlib
import json
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import pytest
from tests.ggufs import lora, split

from paddock import random_model
from paddock.api import CreateRequest, ProgressResponse, build
from paddock.client import Client
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
from paddock.gguf import read
from paddock.models import Models
from paddock.names import ModelName
from paddock.runtime import Runtime
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
    weights, template, stop = manifest(store, "tiny").layers
    assert list(dict.fromkeys(statuses)) == [
        "parsing GGUF",
        f"copying file {tiny_gguf.name}",
        "using autodetected template chatml",
        f"creating new layer {digest}",
        f"creating new layer {template.digest}",
        f"creating new layer {stop.digest}",
        "writing manifest",
        "success",
    ]
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


def test_inherited_parameters_stay_behind_what_is_replaced(make: Make, store: LocalStore) -> None:
    make("base", files=FILES, template="{{ .Prompt }}", parameters={"top_k": 5})
    make("derived", from_="base", template="{{ .Prompt }}!", license="MIT")
    assert [layer.kind for layer in manifest(store, "derived").layers] == [
        "model",
        "template",
        "license",
        "params",
    ]
    assert dict(contents(store, "derived"))["params"] == dict(contents(store, "base"))["params"]


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


@pytest.mark.parametrize("at", ["parsing GGUF", "writing manifest"])
def test_what_fails_takes_nothing_from_another_that_made_the_same(
    at: str, store: LocalStore, make: Make
) -> None:
    """`at`: where the one that fails waits while the other makes its layers."""
    request = build(CreateRequest, {"model": "a", "files": FILES, "system": "be brief"})
    waits, goes_on = threading.Event(), threading.Event()

    def failing(part: ProgressResponse) -> None:
        if part.status == at:
            waits.set()
            assert goes_on.wait(20)
        if part.status == "writing manifest":
            raise Cancelled

    def fail() -> None:
        with pytest.raises(Cancelled):
            create(Models(LocalStore(store.root)), request, failing)

    thread = threading.Thread(target=fail)
    thread.start()
    assert waits.wait(20)

    def working(part: ProgressResponse) -> None:
        if part.status == "writing manifest":
            goes_on.set()
            thread.join(20)
            assert not thread.is_alive()

    create(Models(store), request.model_copy(update={"model": "b"}), working)
    for layer in manifest(store, "b").blobs:
        assert store.has_blob(layer.digest)


def test_what_fails_takes_its_own_away(make: Make, store: LocalStore, minilm_folder: Path) -> None:
    before = files_of(store)

    def progress(part: ProgressResponse) -> None:
        if part.status == "writing manifest":
            raise Cancelled

    request = CreateRequest(model="new", from_=str(minilm_folder), system="new")
    with pytest.raises(Cancelled):
        create(Models(store), request, progress)
    assert files_of(store) == before


# -- from Modelfiles -------------------------------------------------------------------------------

MODELFILE = """
# everything at once
FROM ./m.gguf
TEMPLATE \"\"\"{{ .System }} {{ .Prompt }}\"\"\"
SYSTEM Say bye!
PARAMETER stop "USER: "
PARAMETER stop x
PARAMETER temperature 0.7
PARAMETER low_vram true
LICENSE MIT
LICENSE Apache-2.0
MESSAGE user hi
MESSAGE assistant ho: ho
RENDERER qwen3-coder
PARSER qwen3
REQUIRES v0.14.0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Modelfile and its weights."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "m.gguf").write_bytes(MINIMAL)
    (folder / "Modelfile").write_text(MODELFILE)
    return folder


def test_a_modelfile_makes_a_model(
    make: Make, store: LocalStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    statuses = make("m", path=str(folder / "Modelfile"))
    assert statuses[0] == "parsing GGUF"
    assert statuses[-2:] == ["writing manifest", "success"]
    assert contents(store, "m") == [
        ("template", b"{{ .System }} {{ .Prompt }}"),
        ("system", b"Say bye!"),
        ("license", b"MIT"),
        ("license", b"Apache-2.0"),
        ("params", b'{"stop":["USER: ","x"],"temperature":0.7}\n'),
        (
            "messages",
            b'[{"role":"user","content":"hi"},{"role":"assistant","content":"ho: ho"}]\n',
        ),
    ]
    facts = config(store, "m")
    assert (facts["renderer"], facts["parser"]) == ("qwen3-coder", "qwen3")
    assert facts["requires"] == "0.14.0"
    assert "parameter low_vram is deprecated" in caplog.text


def test_the_same_model_comes_of_what_show_prints(
    make: Make, store: LocalStore, folder: Path
) -> None:
    make("first", path=str(folder))
    text = Models(store).show("first").modelfile
    make("second", modelfile=text, requires="0.14.0")
    assert manifest(store, "second") == manifest(store, "first")


def test_text_of_a_modelfile_starts_in_the_folder_of_its_path(
    make: Make, store: LocalStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (folder, folder / "Modelfile", folder / "any name"):
        make("m", modelfile="FROM ./m.gguf\nSYSTEM text", path=str(path))
        assert contents(store, "m") == [("system", b"text")]
    with pytest.raises(NotFoundError, match=r"\./m\.gguf: no such file or folder"):
        make("m", modelfile="FROM ./m.gguf")
    monkeypatch.chdir(folder)
    assert make("m", modelfile="FROM ./m.gguf")[-1] == "success"


def test_a_folder_without_a_modelfile_is_a_model(make: Make, folder: Path) -> None:
    (folder / "Modelfile").unlink()
    assert make("m", path=str(folder))[-1] == "success"
    with pytest.raises(NotFoundError, match="no such Modelfile"):
        make("m", path=str(folder / "Modelfile"))


def test_fields_of_the_request_come_before_the_modelfile(
    make: Make, store: LocalStore, folder: Path
) -> None:
    make("m", path=str(folder), system="mine", parameters={"seed": 1}, template="", messages=[])
    found = dict(contents(store, "m"))
    assert found["system"] == b"mine"
    assert found["params"] == b'{"seed":1}\n'
    assert found["template"] == b"{{ .System }} {{ .Prompt }}"


def test_a_modelfile_names_models_blobs_and_files(
    make: Make, store: LocalStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make("base", files=FILES, system="of the base")
    make("named", modelfile="FROM BASE\nFROM ./m.gguf\n", path=str(folder))
    assert contents(store, "named") == [("system", b"of the base")]
    assert "files of other FROM lines are left out" in caplog.text
    before = files_of(store)
    blob = store.find_blob(MINIMAL_DIGEST)
    for source in (f"@{MINIMAL_DIGEST}", str(blob)):
        make("blob", modelfile=f"FROM {source}")
        assert [layer.digest for layer in manifest(store, "blob").layers] == [MINIMAL_DIGEST]
    assert {name for name in files_of(store) - before if name.startswith("blobs")} == set()


def test_a_file_beside_the_modelfile_shadows_a_model(
    make: Make, store: LocalStore, folder: Path
) -> None:
    make("base", files=FILES, system="of the base")
    (folder / "base").write_bytes(MINIMAL)
    make("m", modelfile="FROM base", path=str(folder))
    assert contents(store, "m") == []


def test_an_adapter_of_a_modelfile_is_a_layer(make: Make, store: LocalStore, folder: Path) -> None:
    adapter = write_gguf(folder / "lora.gguf", general__type="adapter")
    make("m", modelfile="FROM m.gguf\nADAPTER lora.gguf", path=str(folder))
    weights, layer = manifest(store, "m").layers
    assert (weights.kind, layer.kind) == ("model", "adapter")
    assert store.find_blob(layer.digest).read_bytes() == adapter.read_bytes()
    make("again", modelfile=f"FROM m\nADAPTER {adapter}")
    assert [layer.kind for layer in manifest(store, "again").layers] == [
        "model",
        "adapter",
        "adapter",
    ]


@pytest.mark.parametrize(
    ("modelfile", "message"),
    [
        ("FROM absent", 'model "absent" not found'),
        ("FROM absent.gguf", "no such file or folder"),
        ("FROM ./absent", "no such file or folder"),
        ("FROM a b", "invalid model name"),
        ("SYSTEM hi", "no FROM line"),
        ("", "no FROM line"),
        ("FROM m.gguf\nFOO bar", r"\(line 2\): command must be one of"),
        ("FROM m.gguf\nPARAMETER num_ctx x", r"invalid int value \[x\]"),
        ("FROM m.gguf\nPARAMETER temperature -1", "between 0 and"),
        ("FROM m.gguf\nREQUIRES latest", "must be a valid semver"),
        ("FROM m.gguf\nADAPTER m.gguf", "not an adapter"),
        ("FROM m.gguf\nADAPTER absent", "no such file or folder"),
        ("FROM m.gguf\nDRAFT m.gguf", "DRAFT must not reference the same local path"),
        ("FROM m.gguf\nTEMPLATE {{ .Prompt", "^template error: "),
        ("FROM text", "unknown type"),
        ("FROM zip.bin", "PyTorch checkpoint"),
        ("FROM .", "binary|no model weights|GGUF|unknown type"),
    ],
)
def test_a_wrong_modelfile_leaves_the_store_as_it_was(
    modelfile: str, message: str, make: Make, store: LocalStore, folder: Path
) -> None:
    (folder / "text").write_text("text")
    (folder / "zip.bin").write_bytes(b"PK\x03\x04")
    if modelfile == "FROM .":
        (folder / "m.gguf").write_bytes(bytes(100))
    before = files_of(store)
    with pytest.raises(PaddockError, match=message):
        make("new", modelfile=modelfile, path=str(folder))
    assert files_of(store) == before


def test_a_modelfile_and_other_sources_exclude_each_other(make: Make) -> None:
    for fields in ({"from_": "m"}, {"files": FILES}, {"adapters": FILES}, {"draft_files": FILES}):
        with pytest.raises(RequestError, match="exclude each other"):
            make("m", modelfile="FROM x", **fields)


def test_requests_of_others_reach_no_file(store: LocalStore, folder: Path) -> None:
    def make(**fields: Any) -> None:
        request = build(CreateRequest, {"model": "m", **fields})
        create(Models(store), request, lambda _: None, local_files=False)

    weights = folder / "m.gguf"
    with pytest.raises(InvalidNameError):
        make(from_=str(weights))
    with pytest.raises(NotFoundError):
        make(modelfile=f"FROM {weights}")
    with pytest.raises(NotFoundError):
        make(modelfile=f"FROM @{MINIMAL_DIGEST}\nADAPTER {weights}")
    with pytest.raises(UnsupportedError, match="send the text as modelfile"):
        make(path=str(folder))
    for source in (f"@{MINIMAL_DIGEST}", str(store.find_blob(MINIMAL_DIGEST))):
        make(modelfile=f"FROM {source}")
    assert [name.short for name, _ in store.manifests()] == ["m:latest"]


def test_old_names_of_fields_are_understood(make: Make, store: LocalStore) -> None:
    request = build(CreateRequest, {"name": "old", "files": FILES, "quantization": ""})
    create(Models(store), request, lambda _: None)
    assert [name.short for name, _ in store.manifests()] == ["old:latest"]
    assert build(CreateRequest, {"name": "a", "model": "b", "quantization": "Q8_0"}).model_dump(
        exclude_none=True
    ) == {"model": "b", "quantize": "Q8_0"}


# -- drafts, settings, split files, quantising -----------------------------------------------------


def test_a_draft_is_a_layer_and_stands_in_the_config(
    make: Make, store: LocalStore, folder: Path
) -> None:
    draft = store.put_file(write_gguf(folder / "draft.gguf", "qwen3"))
    make("m", files=FILES, draft_files={"draft.gguf": draft.digest}, system="hi")
    assert [layer.kind for layer in manifest(store, "m").layers] == ["model", "draft", "system"]
    assert config(store, "m")["draft"] == {"model_format": "gguf", "architecture": "qwen3"}
    make("derived", from_="m")
    assert config(store, "derived")["draft"] == config(store, "m")["draft"]
    write_gguf(folder / "other.gguf", "llama")
    make("other", modelfile="FROM m\nDRAFT other.gguf", path=str(folder))
    assert [layer.kind for layer in manifest(store, "other").layers] == ["model", "system", "draft"]
    assert config(store, "other")["draft"]["architecture"] == "llama"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"draft_quantize": "Q8_0"}, "--draft-quantize requires a DRAFT model"),
        ({"draft_files": {"../d": MINIMAL_DIGEST}}, "file path must be relative"),
        ({"draft_files": {"d": ""}}, "invalid digest format"),
        ({"remote_host": "http://x"}, "local models only"),
        ({"info": {"context_length": 1.5}}, '"context_length" must be a non-negative integer'),
        ({"info": {"embedding_length": "1"}}, '"embedding_length" must be a number'),
        ({"info": {"context_length": float("inf")}}, "must be a non-negative integer"),
        ({"info": {"base_name": 1}}, '"base_name" must be a string'),
        ({"info": {"capabilities": "x"}}, "must be a list of strings"),
    ],
)
def test_wrong_settings_are_refused(fields: dict[str, Any], message: str, make: Make) -> None:
    with pytest.raises(RequestError, match=message):
        make("m", files=FILES, **fields)


def test_settings_of_the_config_are_given_and_inherited(make: Make, store: LocalStore) -> None:
    info = {
        "capabilities": ["completion", "tools"],
        "model_family": "f",
        "base_name": "b",
        "quantization_level": "Q9",
        "parameter_size": "1B",
        "context_length": 4096.0,
        "unknown": 1,
    }
    make("m", files=FILES, info=info, renderer="r", parser="p", requires="1.0")
    facts = config(store, "m")
    assert facts["capabilities"] == ["completion", "tools"]
    assert (facts["model_family"], facts["base_name"], facts["context_length"]) == ("f", "b", 4096)
    assert (facts["file_type"], facts["model_type"]) == ("Q9", "1B")
    make("derived", from_="m", parser="q")
    facts = config(store, "derived")
    assert (facts["renderer"], facts["parser"], facts["requires"]) == ("r", "q", "1.0")
    assert "base_name" not in facts


def test_some_architectures_have_their_own_ways(
    make: Make, store: LocalStore, folder: Path
) -> None:
    write_gguf(folder / "gemma.gguf", "gemma4")
    make("m", modelfile="FROM gemma.gguf", path=str(folder))
    facts = config(store, "m")
    assert (facts["renderer"], facts["parser"]) == ("gemma4", "gemma4")
    assert contents(store, "m") == [("params", b'{"stop":["\\u003cturn|\\u003e"]}\n')]
    make("n", modelfile="FROM gemma.gguf\nPARSER p\nPARAMETER stop x", path=str(folder))
    assert (config(store, "n")["renderer"], config(store, "n")["parser"]) == ("gemma4", "p")
    assert contents(store, "n") == [("params", b'{"stop":["x"]}\n')]
    write_gguf(folder / "nemotron.gguf", "nemotron_h_moe")
    make("o", modelfile="FROM nemotron.gguf", path=str(folder))
    assert config(store, "o")["renderer"] == "nemotron-3-nano"


@pytest.fixture(scope="module")
def plain_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not quantised."""
    return random_model.write(tmp_path_factory.mktemp("plain") / "plain.gguf", type="F16")


@pytest.mark.engine
def test_shards_are_stored_as_one_model_that_runs(
    store: LocalStore, tiny_gguf: Path, tmp_path: Path
) -> None:
    split(tiny_gguf, tmp_path / "shards", shards=3)
    options = {"num_predict": 8, "seed": 1, "temperature": 0, "num_thread": 1}
    with Runtime(store.root) as runtime:
        client = Client(runtime=runtime)
        client.create("folder", from_=str(tmp_path / "shards"))
        client.create("first", modelfile=f"FROM {tmp_path}/shards/m-00001-of-00003.gguf")
        client.create("whole", from_=str(tiny_gguf))
        answers = {
            name: client.generate(name, "the", raw=True, options=options).response
            for name in ("folder", "first", "whole")
        }
    assert len(set(answers.values())) == 1
    assert answers["whole"]
    assert manifest(store, "folder") == manifest(store, "first")
    assert len(manifest(store, "folder").all("model")) == 1


@pytest.mark.engine
def test_an_adapter_of_a_modelfile_changes_the_answers(
    store: LocalStore, tiny_gguf: Path, tmp_path: Path
) -> None:
    adapter = lora(tmp_path / "lora.gguf")
    options = {"num_predict": 8, "seed": 1, "temperature": 0, "num_thread": 1}
    with Runtime(store.root) as runtime:
        client = Client(runtime=runtime)
        client.create("plain", modelfile=f"FROM {tiny_gguf}")
        client.create("adapted", modelfile=f"FROM plain\nADAPTER {adapter}")

        def answer(name: str) -> str | None:
            return client.generate(name, "the", raw=True, options=options).response

        plain, adapted = answer("plain"), answer("adapted")
        assert plain != adapted
        assert (answer("plain"), answer("adapted")) == (plain, adapted)
        assert f"\nADAPTER {store.root}/blobs/sha256-" in str(client.show("adapted").modelfile)
        copy = client.create("copy", modelfile=str(client.show("adapted").modelfile))
        assert copy.status == "success"
        assert answer("copy") == adapted
        layer = manifest(store, "adapted").all("adapter")[0]
        store.find_blob(layer.digest).write_bytes(adapter.read_bytes()[:-200])
        client.copy("adapted", "damaged")
        with pytest.raises(GGUFError, match="truncated or damaged"):
            answer("damaged")


@pytest.mark.engine
def test_weights_are_quantised(make: Make, store: LocalStore, plain_gguf: Path) -> None:
    statuses = make("m", from_=str(plain_gguf), quantize="q8_0")
    assert statuses[:4] == [
        "parsing GGUF",
        "quantizing F16 model to Q8_0",
        "quantizing F16 model to Q8_0",
        "verifying conversion",
    ]
    assert config(store, "m")["file_type"] == "Q8_0"
    weights = manifest(store, "m").layers[0]
    # The source is nobody's, so it is not stored.
    digests = {MINIMAL_DIGEST, *(layer.digest for layer in manifest(store, "m").blobs)}
    assert {path.name.replace("-", ":") for path in (store.root / "blobs").iterdir()} == digests
    assert make("same", from_="m", quantize="Q8_0")[0] == f"using existing layer {weights.digest}"
    with pytest.raises(RequestError, match="only supported for F16, BF16 and F32"):
        make("twice", from_="m", quantize="Q4_K_M")
    make("base", from_=str(plain_gguf), system="kept")
    make("derived", from_="base", quantize="Q8_0")
    assert manifest(store, "derived").layers[0].digest == weights.digest
    assert dict(contents(store, "derived"))["system"] == b"kept"


@pytest.mark.engine
def test_drafts_and_shards_are_quantised(
    make: Make, store: LocalStore, plain_gguf: Path, tmp_path: Path
) -> None:
    split(plain_gguf, tmp_path / "shards", shards=3)
    draft = store.put_file(plain_gguf).digest
    make(
        "m",
        from_=str(tmp_path / "shards"),
        quantize="Q8_0",
        draft_files={"d.gguf": draft},
        draft_quantize="Q8_0",
    )
    weights = [manifest(store, "m").last(kind) for kind in ("model", "draft")]
    types = [read(store.find_blob(layer.digest)).file_type for layer in weights if layer]
    assert types == ["Q8_0", "Q8_0"]
    small = make("small", files={"d.gguf": draft}, quantize="Q8_0") and manifest(store, "small")
    with pytest.raises(RequestError, match="requires an unquantized draft model, got Q8_0"):
        make(
            "n",
            files=FILES,
            draft_files={"d.gguf": small.layers[0].digest},
            draft_quantize="Q4_K_M",
        )


# -- known templates -------------------------------------------------------------------------------


def test_a_known_chat_template_becomes_layers_with_its_stop_texts(
    make: Make, store: LocalStore, tiny_gguf: Path
) -> None:
    make("plain", from_=str(tiny_gguf))
    (template, text), (params, stop) = contents(store, "plain")
    assert (template, params) == ("template", "params")
    assert b"<|im_start|>" in text
    assert json.loads(stop) == {"stop": ["<|im_start|>", "<|im_end|>"]}
    make("own", from_=str(tiny_gguf), template="{{ .Prompt }}", parameters={"seed": 1})
    assert contents(store, "own") == [
        ("template", b"{{ .Prompt }}"),
        ("params", b'{"seed":1,' + stop[1:]),
    ]
    # What was detected and then replaced is no layer, and no blob.
    Models(store).delete("plain")
    assert not store.has_blob("sha256:" + hashlib.sha256(text).hexdigest())
    make("derived", from_="own")
    assert contents(store, "derived") == contents(store, "own")


def test_an_unknown_chat_template_stays_in_the_weights(
    make: Make, store: LocalStore, folder: Path
) -> None:
    chat = "{% for m in messages %}" + "unheard of " * 30 + "{{ m.content }}{% endfor %}"
    write_gguf(folder / "m.gguf", tokenizer__chat_template=chat)
    make("m", modelfile="FROM m.gguf", path=str(folder))
    assert contents(store, "m") == []


# -- a base that is not there ----------------------------------------------------------------------


def test_a_base_that_is_not_there_is_pulled(store: LocalStore) -> None:
    pulled: list[str] = []

    def pull(name: ModelName, progress: Callable[[ProgressResponse], None]) -> ModelName:
        pulled.append(name.full)
        progress(ProgressResponse(status="pulling manifest"))
        request = CreateRequest(model=name.short, files=FILES, system="of the base")
        create(Models(store), request, lambda _: None)
        progress(ProgressResponse(status="success"))
        return name

    statuses: list[str | None] = []
    for fields in ({"from_": "base"}, {"modelfile": "FROM base"}, {"modelfile": "FROM second"}):
        request = build(CreateRequest, {"model": "new", **fields})
        statuses.clear()
        create(Models(store), request, lambda part: statuses.append(part.status), pull=pull)
        assert contents(store, "new") == [("system", b"of the base")]
        assert statuses.count("success") == 1
    assert pulled == [
        "registry.ollama.ai/library/base:latest",
        "registry.ollama.ai/library/second:latest",
    ]
    assert statuses[0] == "pulling manifest"
    with pytest.raises(NotFoundError, match="no such file or folder"):
        create(Models(store), CreateRequest(model="x", from_="absent.gguf"), print, pull=pull)
    assert len(pulled) == 2


# -- stopping --------------------------------------------------------------------------------------


def test_a_stop_at_any_moment_leaves_no_blob_behind(
    store: LocalStore, make: Make, folder: Path
) -> None:
    make("old", files=FILES, system="old")
    before = files_of(store)
    request = CreateRequest(model="old", path=str(folder))
    n_parts = len(make("other", path=str(folder)))
    Models(store).delete("other")
    assert files_of(store) == before
    for last in range(n_parts - 1):  # the last one comes when all is done
        left = iter(range(last))

        def progress(_: ProgressResponse, left: Any = left) -> None:
            if next(left, None) is None:
                raise Cancelled

        with pytest.raises(Cancelled):
            create(Models(store), request, progress)
        assert files_of(store) == before
    assert not list(store.root.glob(".create-*"))
