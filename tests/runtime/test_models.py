"""Models by name: resolved, listed, shown, copied, deleted."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFWriter
from numpy import zeros

from paddock import gguf
from paddock.errors import (
    BlobNotFoundError,
    CorruptManifestError,
    GGUFError,
    InvalidNameError,
    ModelfileError,
    ModelNotFoundError,
    NotFoundError,
    OptionError,
    StoreError,
    UnsupportedError,
)
from paddock.models import Models
from paddock.names import ModelName
from paddock.store.local import Config, Layer, LocalStore, Manifest, json_layer, media_type

TEMPLATE = "{{ .System }} {{ .Prompt }} {{ .Tools }}"

Make = Callable[..., Manifest]


def write_gguf(path: Path, architecture: str = "llama", **extra: Any) -> Path:
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(2048)
    writer.add_embedding_length(64)
    writer.add_file_type(7)
    writer.add_name("A name")
    writer.add_token_list(["a", "b", "c"])
    for key, value in extra.items():
        if isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_uint32(key, value)
    writer.add_tensor("token_embd.weight", zeros((3, 64), dtype="float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "models")


@pytest.fixture
def models(store: LocalStore) -> Models:
    return Models(store)


@pytest.fixture
def make(store: LocalStore, tmp_path: Path) -> Make:
    """Puts a model into the store: weights, and a layer per keyword."""

    def make(name: str, weights: Path | None = None, **layers: Any) -> Manifest:
        config = Config(model_format="gguf", model_family="llama", file_type="unknown")
        blobs: list[tuple[str, Any]] = []
        if weights is not None:
            blobs.append(("model", store.put_file(weights)))
        for kind, value in layers.items():
            content = value.encode() if isinstance(value, str) else json_layer(value)
            if kind == "config":
                config = replace(config, **value)
            else:
                blobs.append((kind, store.put_blob(content)))
        stored = store.put_blob(config.to_bytes())
        manifest = Manifest(
            config=Layer(media_type="config", digest=stored.digest, size=stored.size),
            layers=tuple(
                Layer(media_type=media_type(kind), digest=blob.digest, size=blob.size)
                for kind, blob in blobs
            ),
        )
        store.write_manifest(ModelName.parse_stored(name), manifest)
        return manifest

    return make


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "weights.gguf")


def test_a_model_is_what_its_layers_say(models: Models, make: Make, weights: Path) -> None:
    manifest = make(
        "m",
        weights,
        template=TEMPLATE,
        system="Be kind.",
        params={"temperature": 0.5, "stop": ["x"], "unknown": 1},
        messages=[{"role": "user", "content": "hi"}],
        license="MIT",
    )
    model = models.resolve("M")
    assert model.name.short == "m:latest"
    assert model.size == manifest.size
    assert model.weights is not None
    assert model.weights.read_bytes() == weights.read_bytes()
    assert model.weights_digest == manifest.layers[0].digest
    assert (model.template, model.system) == (TEMPLATE, "Be kind.")
    assert model.parameters.model_dump(exclude_none=True) == {"temperature": 0.5, "stop": ["x"]}
    assert [message.content for message in model.messages] == ["hi"]
    assert model.licenses == ("MIT",)
    assert model.gguf.get("context_length") == 2048
    assert model.capabilities == ("completion", "tools")
    model.check("completion", "tools")
    with pytest.raises(UnsupportedError, match="library/m:latest does not support insert"):
        model.check("insert")


def test_resolving_again_reads_nothing_until_the_manifest_changes(
    models: Models, make: Make, weights: Path
) -> None:
    make("m", weights)
    first = models.resolve("m")
    assert models.resolve("m") is first
    make("m", weights, system="new")
    assert models.resolve("m").system == "new"


def test_an_embedding_model_does_not_complete(models: Models, make: Make, tmp_path: Path) -> None:
    make("e", write_gguf(tmp_path / "bert.gguf", "bert", **{"bert.pooling_type": 0}))
    assert models.resolve("e").capabilities == ("embedding",)


def test_the_chat_template_of_the_weights_counts_when_it_is_in_use(
    models: Models, make: Make, tmp_path: Path
) -> None:
    jinja = {"tokenizer.chat_template": "{% if tools %}<think></think>{% endif %}"}
    make("m", write_gguf(tmp_path / "w.gguf", **jinja))
    model = models.resolve("m")
    assert model.template_in_use == "chat template"
    assert model.chat_template == jinja["tokenizer.chat_template"]
    assert model.capabilities == ("tools", "thinking", "completion")
    assert models.show("m").template == jinja["tokenizer.chat_template"]


def test_the_layer_can_be_told_to_count_always_or_never(
    models: Models, make: Make, tmp_path: Path
) -> None:
    jinja = {"tokenizer.chat_template": "{% if tools %}<think></think>{% endif %}"}
    make("m", write_gguf(tmp_path / "w.gguf", **jinja), template="{{ .Prompt }}")
    assert models.resolve("m").template_in_use == "chat template"
    always = Models(models.store, layers_count=True).resolve("m")
    assert always.template_in_use == "layer"
    assert always.capabilities == ("completion",)
    never = Models(models.store, layers_count=False).resolve("m")
    assert never.template_in_use == "chat template"


def test_missing_models_are_named_as_they_were_asked_for(models: Models, make: Make) -> None:
    for call in (models.resolve, models.show, models.delete, lambda name: models.copy(name, "x")):
        with pytest.raises(ModelNotFoundError, match='model "Nope" not found'):
            call("Nope")


def test_bad_names_say_which_one_is_bad(models: Models) -> None:
    with pytest.raises(InvalidNameError, match="invalid model name"):
        models.resolve("a b")
    with pytest.raises(InvalidNameError, match='name "a b" is invalid'):
        models.delete("a b")
    with pytest.raises(InvalidNameError, match='source "a b" is invalid'):
        models.copy("a b", "c")
    with pytest.raises(InvalidNameError, match='destination "a b" is invalid'):
        models.copy("c", "a b")


def test_models_are_listed_newest_first(
    models: Models, store: LocalStore, make: Make, weights: Path
) -> None:
    for age, name in enumerate(("old", "ns/new:tag")):
        make(name, weights)
        os.utime(store.manifest_path(ModelName.parse(name)), (1e9 + age, 1e9 + age))
    listed = models.list().models
    assert [model.name for model in listed] == ["ns/new:tag", "old:latest"]
    first = listed[0]
    assert first.details is not None
    assert first.details.quantization_level == "Q8_0"
    assert (first.details.context_length, first.details.embedding_length) == (2048, 64)
    assert first.capabilities == ["completion"]
    assert first.digest == models.resolve("ns/new:tag").digest
    assert first.modified_at is not None
    assert first.modified_at.timestamp() == 1e9 + 1
    assert first.modified_at.tzinfo is not None


def test_a_list_costs_the_beginning_of_each_file_once(
    models: Models, make: Make, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []
    glance = gguf.glance
    monkeypatch.setattr(gguf, "glance", lambda path: looks.append(path) or glance(path))
    monkeypatch.setattr(gguf, "read", lambda path: pytest.fail(f"{path} was read"))
    make("m", weights, config={"file_type": "Q8_0"})
    first = models.list()
    assert first.models[0].details is not None
    first.models[0].details.family = "changed by whoever asked"
    first.models[0].capabilities = None
    again = models.list().models[0]
    assert again.details is not None
    assert (again.details.family, again.capabilities) == ("llama", ["completion"])
    assert len(looks) == 1


def test_of_the_texts_a_list_opens_what_it_tells_alone(
    models: Models, make: Make, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"file_type": "Q8_0"}
    made = make("m", weights, config=config, template=TEMPLATE, system="s", license="MIT")
    assert made.config is not None
    opened: list[str] = []
    read = LocalStore.read_blob
    monkeypatch.setattr(
        LocalStore, "read_blob", lambda self, digest: opened.append(digest) or read(self, digest)
    )
    listed = models.list().models[0]
    assert listed.capabilities == ["completion", "tools"]
    template = made.last("template")
    assert template is not None
    assert set(opened) == {made.config.digest, template.digest}
    whole = models.resolve("m")
    assert (whole.system, whole.licenses) == ("s", ("MIT",))


def test_a_damaged_model_spoils_nobody_else(
    models: Models, store: LocalStore, make: Make, weights: Path
) -> None:
    make("good", weights)
    make("bad-manifest", weights, system="1")
    store.manifest_path(ModelName.parse("bad-manifest")).write_bytes(b"{")
    no_config = make("no-config", weights, config={"model_type": "x"})
    assert no_config.config is not None
    store.find_blob(no_config.config.digest).unlink()
    make("no-weights", write_gguf(weights.with_name("other.gguf"), x=1))
    no_weights = models.resolve("no-weights").weights
    assert no_weights is not None
    no_weights.unlink()
    assert {model.name for model in models.list().models} == {"good:latest", "no-weights:latest"}
    with pytest.raises(CorruptManifestError):
        models.resolve("bad-manifest")
    with pytest.raises(BlobNotFoundError):
        models.resolve("no-config")
    with pytest.raises(BlobNotFoundError, match="pull or create"):
        models.resolve("no-weights")
    models.delete("bad-manifest")
    models.delete("no-weights")
    assert {model.name for model in models.list().models} == {"good:latest"}


def test_bad_parameters_are_an_error_when_they_are_used(models: Models, make: Make) -> None:
    make("m", params={"temperature": "hot"})
    assert models.show("m").parameters == 'temperature                    "hot"'
    with pytest.raises(OptionError, match="float32"):
        _ = models.resolve("m").parameters


@pytest.mark.parametrize("kind", ["params", "messages"])
def test_layers_of_another_form_are_a_store_error(models: Models, make: Make, kind: str) -> None:
    make("m", **{kind: "not json"})
    with pytest.raises(StoreError):
        models.resolve("m")
    make("m", **{kind: "3"})
    with pytest.raises(StoreError):
        _ = models.resolve("m").messages


def test_show_tells_all(models: Models, make: Make, weights: Path) -> None:
    make("m", weights, system="Be kind.", params={"top_k": 5, "seed": 123456789})
    shown = models.show("m")
    model = models.resolve("m")
    assert shown.modelfile is not None
    assert shown.modelfile.endswith(
        f"# FROM m:latest\n\nFROM {model.weights}\nTEMPLATE {{{{ .Prompt }}}}\nSYSTEM Be kind.\n"
        "PARAMETER seed 123456789\nPARAMETER top_k 5\n"
    )
    assert shown.parameters == f"{'seed':<30} 123456789\n{'top_k':<30} 5"
    assert shown.template == "{{ .Prompt }}"
    info = shown.modelinfo
    assert info is not None
    assert info["general.architecture"] == "llama"
    assert info["general.parameter_count"] == 192
    assert info["tokenizer.ggml.tokens"] is None
    assert "general.name" not in info
    verbose = models.show("m", verbose=True).modelinfo
    assert verbose is not None
    assert verbose["tokenizer.ggml.tokens"] == ["a", "b", "c"]


def test_a_cloud_stub_is_listed_and_shown_and_deleted_but_not_run(
    models: Models, make: Make
) -> None:
    config = {
        "remote_host": "https://ollama.com:443",
        "remote_model": "gpt-oss:20b",
        "model_family": "gptoss",
        "context_length": 131072,
        "capabilities": ["completion"],
    }
    make("gpt-oss:20b-cloud", config=config)
    stub = models.list().models[0]
    assert stub.capabilities is not None
    assert "completion" in stub.capabilities
    assert models.show("gpt-oss:20b-cloud").modelinfo == {"gptoss.context_length": 131072}
    with pytest.raises(UnsupportedError):
        models.resolve("gpt-oss:20b-cloud")
    models.delete("gpt-oss:20b:cloud")
    assert models.list().models == []


def test_a_model_without_weights_has_no_header(models: Models, make: Make) -> None:
    make("m")
    with pytest.raises(UnsupportedError, match="no weights"):
        _ = models.resolve("m").gguf


def test_copies_and_deletions_match_names_without_case(
    models: Models, make: Make, weights: Path
) -> None:
    make("Model:Tag", weights)
    models.copy("model:tag", "other")
    assert models.resolve("other").digest == models.resolve("Model:Tag").digest
    models.delete("MODEL:tag")
    assert [model.name for model in models.list().models] == ["other:latest"]


def test_a_gguf_file_is_a_model_of_its_own(
    models: Models, store: LocalStore, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(weights.parent)
    for text in (str(weights), "./weights.gguf", "weights.gguf"):
        model = models.resolve(text)
        assert model.weights == weights
        assert model.config.file_type == "Q8_0"
        assert model.capabilities == ("completion",)
        assert model.name.short.startswith("file/library/weights:")
    before = model.digest
    assert models.show(str(weights)).details is not None
    os.utime(weights, (1, 1))
    assert models.resolve(str(weights)).digest != before
    assert not store.root.exists()


def test_a_modelfile_is_used_as_it_is(models: Models, make: Make, tmp_path: Path) -> None:
    stop = {"stop": ["a"], "top_k": 3}
    make(
        "base",
        write_gguf(tmp_path / "w.gguf"),
        system="Old.",
        template="{{ .Prompt }}",
        params=stop,
    )
    base = models.resolve("base")
    before = sorted(models.store.root.rglob("*"))
    path = tmp_path / "my.Modelfile"
    path.write_text(
        'FROM base\nPARAMETER num_ctx 64\nPARAMETER stop b\nSYSTEM "New."\nMESSAGE user Hi'
    )
    model = models.resolve(str(path))
    assert (model.system, model.template) == ("New.", "{{ .Prompt }}")
    assert model.raw_parameters == {"stop": ["b"], "top_k": 3, "num_ctx": 64}
    assert [message.content for message in model.messages] == ["Hi"]
    assert (model.weights, model.weights_digest) == (base.weights, base.weights_digest)
    assert model.digest == models.resolve(str(path)).digest != base.digest
    shown = models.show(str(path))
    assert (shown.system, shown.parameters and "num_ctx" in shown.parameters) == ("New.", True)
    path.write_text("FROM w.gguf")
    assert models.resolve(str(path)).weights == tmp_path / "w.gguf", "beside the Modelfile"
    assert sorted(models.store.root.rglob("*")) == before, "nothing is written"


@pytest.mark.parametrize(
    ("text", "kind", "complaint"),
    [
        ("SYSTEM Hi", ModelfileError, "no FROM"),
        ("FROM nowhere", ModelNotFoundError, "nowhere"),
        ("FROM ./nowhere.gguf", NotFoundError, "no such file"),
        ("FROM w.gguf\nFROM v.gguf", UnsupportedError, "paddock create"),
        ("FROM w.gguf\nADAPTER a.bin", UnsupportedError, "paddock create"),
        ("FROM w.gguf\nPARAMETER top_k x", OptionError, "invalid int"),
    ],
)
def test_a_modelfile_that_cannot_be_used_as_it_is(
    models: Models, tmp_path: Path, text: str, kind: Any, complaint: str
) -> None:
    write_gguf(tmp_path / "w.gguf")
    write_gguf(tmp_path / "v.gguf", "gemma")
    (tmp_path / "a.bin").write_bytes(b"\0\1\2")
    (tmp_path / "Modelfile").write_text(text)
    with pytest.raises(kind, match=complaint):
        models.resolve(str(tmp_path / "Modelfile"))


def test_a_path_that_is_not_there_is_not_a_model_name(models: Models, tmp_path: Path) -> None:
    strange = ("~nobody-of-this-name/x.gguf", "/" + "x" * 5000, "x" * 5000 + ".gguf", "/\0.gguf")
    for text in (str(tmp_path / "x.gguf"), "./x", "missing.gguf", "~/nowhere/x.gguf", *strange):
        with pytest.raises(NotFoundError, match="file not found"):
            models.resolve(text)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    with pytest.raises(GGUFError, match=str(broken)):
        models.resolve(str(broken))


def test_a_stored_model_may_be_called_like_a_file(
    models: Models, make: Make, weights: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    make("model.gguf", weights)
    assert models.resolve("model.gguf").name.short == "model.gguf:latest"
