"""Manifests and configs: exact bytes out, any bytes in."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import CorruptManifestError, StoreError
from paddock.names import Digest
from paddock.store.manifest import Config, Layer, Manifest, json_layer, media_type

HEX = "0123456789abcdef" * 4
DIGEST = Digest(f"sha256:{HEX}")

manifest = Manifest(
    config=Layer(media_type="config", digest=DIGEST, size=5),
    layers=(
        Layer(media_type=media_type("model"), digest=DIGEST, size=7, from_="base:latest"),
        Layer(media_type=media_type("license"), digest=DIGEST, size=1),
        Layer(media_type="something/else", digest=DIGEST, size=2),
    ),
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


def test_a_manifest_is_what_its_bytes_parse_to() -> None:
    assert Manifest.parse(manifest.to_bytes()) == manifest
    assert manifest.to_bytes().endswith(b"}\n")
    assert manifest.size == 15


def test_layers_are_found_by_kind() -> None:
    assert [layer.size for layer in manifest.all("model")] == [7]
    assert manifest.last("template") is None
    assert [layer.kind for layer in manifest.layers] == ["model", "license", ""]
    assert Layer(media_type=media_type("prompt"), digest=DIGEST).kind == "template"


def test_a_config_without_digest_is_none_and_null_layers_are_no_layers() -> None:
    found = Manifest.parse(b'{"config": {"digest": "", "size": 0}, "layers": null, "x": 1}')
    assert found.config is None
    assert found.layers == ()
    assert b"config" not in found.to_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"layers": {}}',
        b'{"layers": [{}]}',
        b'{"layers": [{"digest": "sha256:../../etc/passwd", "size": 1}]}',
        b'{"layers": [], "layers": []}',
        json.dumps({"layers": [{"digest": DIGEST, "size": -1}]}).encode(),
        json.dumps({"layers": [{"digest": DIGEST, "size": 1.5}]}).encode(),
        json.dumps({"layers": [{"digest": DIGEST, "size": 2**63 - 1}] * 2}).encode(),
        json.dumps({"layers": [{"digest": DIGEST, "size": True}]}).encode(),
        b'{"config": 3}',
        b'{"pad": "' + b" " * (4 << 20) + b'"}',
    ],
    ids=range(15),
)
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(CorruptManifestError):
        Manifest.parse(content)


def test_five_hundred_damaged_manifests_are_refused_or_read() -> None:
    content, chance = manifest.to_bytes(), random.Random(5)
    refused = 0
    for _ in range(500):
        mutated = bytearray(content)
        for _ in range(chance.randint(1, 5)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        try:
            Manifest.parse(bytes(mutated))
        except CorruptManifestError:
            refused += 1
    assert refused > 100


@given(json_values)
def test_json_layers_hold_the_same_value(value: object) -> None:
    assert json.loads(json_layer(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-3.0, "-3"),
        (0.7, "0.7"),
        (1e-5, "0.00001"),
        (1.5e-6, "0.0000015"),
        (1.5e-7, "1.5e-7"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (True, "true"),
        (None, "null"),
        ("<&>\u2028é", '"\\u003c\\u0026\\u003e\\u2028é"'),
        ({"b": 1, "a": [{"z": 1, "y": 2}]}, '{"a":[{"z":1,"y":2}],"b":1}'),
    ],
)
def test_json_is_written_as_the_reference_does(value: object, text: str) -> None:
    assert json_layer(value) == (text + "\n").encode()


def test_what_json_cannot_say_is_an_error() -> None:
    with pytest.raises(StoreError):
        json_layer(float("nan"))


def test_a_config_tolerates_null_and_foreign_keys() -> None:
    found = Config.parse(b'{"model_type": null, "capabilities": null, "rootfs": {"type": "x"}}')
    assert found == Config()
    assert found.to_bytes() == (
        b'{"model_format":"","model_family":"","model_families":null,"model_type":"",'
        b'"file_type":"","architecture":"","os":""}\n'
    )
    with pytest.raises(CorruptManifestError, match="model_family"):
        Config.parse(b'{"model_family": 1}')
