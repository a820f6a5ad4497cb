"""Where images stand in prompts, by what writes the prompt: spec templates.md 9.5 and 11.4."""

import pytest

from paddock import families
from paddock.api import Message
from paddock.dialogue import Dialogue
from paddock.errors import UnsupportedError
from paddock.prompt import PlainRenderer, Renderer, renderer_for

LAYER = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}"
CHAT = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
PARTS = (
    "{% for m in messages %}<{{ m.role }}>{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for part in m.content %}({{ part.text }}){% endfor %}{% endif %}{% endfor %}"
)
ONLY_PARTS = (
    "{% for m in messages %}<{{ m.role }}>"
    "{% for part in m.content if part.type == 'text' %}({{ part.text }}){% endfor %}{% endfor %}"
)


QWEN = (
    "<|im_start|>user\n[img-0][img-1] see<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n"
    "<|im_start|>user\nand [img-2]?<|im_end|>\n<|im_start|>assistant\n<think>\n"
)


def said(content: str, *images: bytes, role: str = "user") -> Message:
    return Message.model_validate({"role": role, "content": content, "images": images or None})


TALK = [said("see", b"a", b"b"), said("yes", role="assistant"), said("and [img]?", b"c")]


@pytest.mark.parametrize(
    ("renderer", "is_completion", "prompt"),
    [
        (
            renderer_for(LAYER, None),
            False,
            "<user>[img-0][img-1]see<assistant>yes<user>and [img-2]?",
        ),
        (PlainRenderer(), False, "[img-0][img-1]see\n\nyes\n\nand [img-2]?"),
        (
            renderer_for(None, CHAT),
            False,
            "<user>see[img-0][img-1]<assistant>yes<user>and [img]?[img-2]",
        ),
        (
            renderer_for(None, CHAT),
            True,
            "<user>[img-0][img-1]see<assistant>yes<user>and [img-2]?",
        ),
        (
            renderer_for(None, ONLY_PARTS),
            False,
            "<user>(see)([img-0])([img-1])<assistant>(yes)<user>(and [img]?)([img-2])",
        ),
        (
            families.renderer("qwen3.5"),
            False,
            QWEN,
        ),
    ],
)
def test_each_image_has_a_place_once(renderer: Renderer, is_completion: bool, prompt: str) -> None:
    dialogue = Dialogue(renderer, is_completion=is_completion)
    placed, images = dialogue.placed(TALK)
    assert dialogue.prompt(placed) == prompt
    assert [image.read() for image in images] == [b"a", b"b", b"c"]
    assert TALK[0].content == "see"


def test_a_message_of_nothing_but_an_image_has_no_empty_part() -> None:
    dialogue = Dialogue(renderer_for(None, ONLY_PARTS))
    assert dialogue.prompt([said("", b"a")]) == "<user>([img-0])"


def test_a_template_that_takes_parts_as_well_as_texts_gets_texts_where_it_shows_them_alike() -> (
    None
):
    """One that marks parts shows them otherwise, so that nobody knows what it was made for."""
    assert Dialogue(renderer_for(None, PARTS)).prompt([said("see", b"a")]) == "<user>see[img-0]"
    alike = PARTS.replace("({{ part.text }})", "{{ part.text }}")
    assert Dialogue(renderer_for(None, alike)).prompt([said("see", b"a")]) == "<user>see[img-0]"


def test_a_system_message_that_is_merged_leaves_the_images_behind_it_in_place() -> None:
    refusing = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}"
    dialogue = Dialogue(renderer_for(None, refusing + CHAT))
    shown = dialogue.prompt([said("Be terse.", role="system"), said("see", b"a")])
    assert shown == "<user>Be terse.\nsee[img-0]"


def test_mllama_takes_one_image_to_a_message() -> None:
    dialogue = Dialogue(PlainRenderer(), model_families=["mllama"])
    assert dialogue.placed([said("a", b"1"), said("b", b"2")])[1]
    with pytest.raises(UnsupportedError, match="only supports one image"):
        dialogue.placed([said("a", b"1", b"2")])
