"""Modelfiles, what `show` prints and what a model can do: spec modelfile.md."""

import base64
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import pytest

from paddock import capabilities
from paddock.describe import modelfile_text, parameters_text
from paddock.errors import ModelfileError, NotFoundError, PaddockError
from paddock.ingredients import Source, expand_path, files_for_model, gather
from paddock.modelfile import Command, Modelfile

Json = dict[str, Any]

CONTENTS = {"__BINARY__": bytes(i % 256 for i in range(512)), "__ZIP__": b"PK\x03\x04"}


def described(command: Command) -> Json:
    match command.word:
        case "from":
            return {"name": "model", "args": command.value}
        case "parameter":
            return {"name": command.name, "args": command.value}
        case "message":
            return {"name": "message", "args": f"{command.name}: {command.value}"}
        case word:
            return {"name": word, "args": command.value}


def commands(modelfile: Modelfile) -> list[Json]:
    return [described(command) for command in modelfile.commands]


def parse(case: Json, _: Json) -> None:
    content = case["input"] if "input" in case else base64.b64decode(case["input_base64"])
    expected = case["expected"]
    if "error" not in expected:
        assert commands(Modelfile.parse(content)) == expected["commands"]
        return
    with pytest.raises(ModelfileError) as caught:
        Modelfile.parse(content)
    assert str(caught.value) == expected["error"]["message"]


def printed(case: Json, _: Json) -> None:
    text = str(Modelfile.parse(case["input"]))
    assert text == case["expected"]["text"]
    assert commands(Modelfile.parse(text)) == case["expected"]["reparsed_commands"]


def expanded(case: Json, _: Json) -> None:
    homes = {"": case["home"], **case["users"]}
    folder = Path(case["cwd"], case["relative_dir"])
    expected = case["expected"]
    if "path" in expected:
        assert expand_path(case["path"], folder, home_of=homes.get) == Path(expected["path"])
        return
    with pytest.raises(PaddockError) as caught:
        expand_path(case["path"], folder, home_of=homes.get)
    assert expected["error_contains"] in str(caught.value)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENTS.get(text, text.encode()))


def files_of_folder(case: Json, _: Json) -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text).resolve()
        write(folder, case["files"])
        if "error_any" in case["expected"]:
            with pytest.raises(PaddockError):
                files_for_model(folder)
            return
        found = [path.relative_to(folder).as_posix() for path in files_for_model(folder)]
    assert len(found) == len(set(found))
    assert set(found) == set(case["expected"]["files"])


def digest_of(source: Source) -> str:
    assert isinstance(source, Path)
    return "sha256:" + hashlib.sha256(source.read_bytes()).hexdigest()


def create_request(case: Json, _: Json) -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text).resolve()
        write(folder, case["files"])
        within = Path(case["relative_dir"].replace("$DIR", str(folder)))

        def found() -> Json:
            modelfile = Modelfile.parse(case["modelfile"])
            gathered = gather(modelfile, within)
            fields = modelfile.fields()
            fields |= {"from": gathered.base} if gathered.base else {}
            for kind in ("files", "adapters"):
                sources = getattr(gathered, kind)
                if sources:
                    fields[kind] = {str(source): digest_of(source) for source in sources}
            warnings = list(modelfile.warnings())
            return fields | ({"warnings": warnings} if warnings else {})

        expected = case["expected"]
        if "error" in expected or "error_kind" in expected:
            with pytest.raises(PaddockError) as caught:
                found()
            if "error" in expected:
                assert str(caught.value) == expected["error"].replace("$DIR", str(folder))
            else:
                assert isinstance(caught.value, NotFoundError)
            return
        wanted = dict(expected)
        if "files" in wanted or "adapters" in wanted:
            wanted |= {
                kind: {
                    name.replace("$DIR", str(folder)): digest
                    for name, digest in wanted[kind].items()
                }
                for kind in ("files", "adapters")
                if kind in wanted
            }
        assert found() == wanted


def found_in(model: Json) -> tuple[str, ...]:
    return capabilities.of_model(
        model.get("config", {}),
        model.get("gguf"),
        model.get("projectors", ()),
        model.get("template"),
    )


def of_model(case: Json, _: Json) -> None:
    assert set(found_in(case["model"])) == set(case["expected"])


def check(case: Json, _: Json) -> None:
    found, expected = found_in(case["model"]), case["expected"]
    if "ok" in expected:
        capabilities.check(case["check"], found, "m")
        return
    with pytest.raises(PaddockError) as caught:
        capabilities.check(case["check"], found, "m")
    assert expected["error_contains"] in str(caught.value)


def template_preference(case: Json, _: Json) -> None:
    chat, layer = case["chat_template"], case["template_layer"]
    weights = {capabilities.CHAT_TEMPLATE: chat}
    forced = {"": None, "0": False, "1": True}[case["env_OLLAMA_GO_TEMPLATE"]]
    expected = case["expected"]
    used = capabilities.template_in_use({}, weights, layer, forced)
    # Told by the environment, nothing is preferred.
    preferred = used == "chat template" and forced is None
    assert preferred == expected["prefer_chat_template"]
    found = capabilities.of_model({}, weights, (), None if forced is False else layer)
    assert set(expected.get("supports", ())) <= set(found)
    assert not set(expected.get("lacks", ())) & set(found)


def show_parameters(case: Json, _: Json) -> None:
    assert parameters_text(case["options"]) == case["expected"]


def show_modelfile(case: Json, _: Json) -> None:
    model = case["model"]
    found = modelfile_text(
        model["short_name"],
        model.get("model_path"),
        adapters=model.get("adapter_paths", ()),
        draft=model.get("draft_path"),
        projectors=model.get("projector_paths", ()),
        template=model.get("template"),
        system=model.get("system"),
        parameters=model.get("options"),
    )
    assert found == case["expected"]["modelfile"]


RUNNERS = {
    "parse": parse,
    "format": printed,
    "expand_path": expanded,
    "files_for_model": files_of_folder,
    "create_request": create_request,
    "capabilities": of_model,
    "check_capabilities": check,
    "template_preference": template_preference,
    "show_parameters": show_parameters,
    "show_modelfile": show_modelfile,
}
