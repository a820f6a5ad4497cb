"""Pictures through every face of a real server, from the clients that people use."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import anthropic
import ollama
import openai
import pytest
from tests import seeing
from tests.pictures import picture
from tests.servers import serving

from paddock.runtime import Runtime
from paddock.server import create_app

pytestmark = pytest.mark.engine

FILE = picture(30, 20, noise=1)
OTHER = picture(30, 20, noise=2, kind="WEBP")
ASKED = "what is it?"


@pytest.fixture(scope="module")
def url(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    scratch = tmp_path_factory.mktemp("seeing")
    with Runtime(scratch / "models") as runtime:
        seeing.add(runtime, "llava", tiny_gguf, scratch)
        with serving(create_app(runtime, bind="127.0.0.1")) as url:
            yield url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[ollama.Client]:
    with ollama.Client(url) as client:
        yield client


@pytest.fixture(scope="module")
def seen(client: ollama.Client) -> str:
    """What the native API says to the picture."""
    message = {"role": "user", "content": ASKED, "images": [FILE]}
    return client.chat("llava", [message]).message.content or ""


def test_the_native_api_sees_in_chat_and_generate(client: ollama.Client, seen: str) -> None:
    assert client.generate("llava", ASKED, images=[FILE]).response == seen
    assert client.generate("llava", ASKED, images=[OTHER]).response != seen
    assert client.generate("llava", ASKED).response != seen
    parts = client.generate("llava", ASKED, images=[FILE], stream=True)
    assert "".join(part.response for part in parts) == seen


def test_openai_parts_are_a_message_each(url: str, client: ollama.Client) -> None:
    # Reference: a part is a message of its own, so the picture has a turn to itself.
    apart = [
        {"role": "user", "content": ASKED},
        {"role": "user", "content": "", "images": [FILE]},
    ]
    expected = client.chat("llava", apart).message.content
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none") as other:
        link = {"url": f"data:image/png;base64,{b64encode(FILE).decode()}"}
        said = other.chat.completions.create(
            model="llava",
            temperature=0,
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": ASKED},
                        {"type": "image_url", "image_url": link},
                    ],
                }
            ],
        )
    assert said.choices[0].message.content == expected


def test_anthropic_blocks_are_seen(url: str, seen: str) -> None:
    with anthropic.Anthropic(base_url=url, api_key="none") as other:
        source = {
            "type": "base64",
            "media_type": "image/png",
            "data": b64encode(FILE).decode(),
        }
        said = other.messages.create(
            model="llava",
            max_tokens=8,
            extra_body={"temperature": 0},
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": source},  # type: ignore[list-item]
                        {"type": "text", "text": ASKED},
                    ],
                }
            ],
        )
    (block,) = said.content
    assert block.type == "text"
    assert block.text == seen


def test_a_bad_picture_is_a_bad_request_that_names_no_folder(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match="none of the formats") as raised:
        client.generate("llava", ASKED, images=[b"no picture"])
    assert raised.value.status_code == 400
    assert "/" not in raised.value.error
