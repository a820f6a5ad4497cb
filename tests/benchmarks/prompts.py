"""What prompts and answers cost: `python tests/benchmarks/prompts.py` prints a table.

Rendering: a chat of 20 messages with 5 tools, on templates that are parsed. Parsing: an answer that
thinks, speaks and calls, fed in tokens of four characters. Bombs: what a template takes that would
never end. Times are those of the processor, the least of the rounds. Asserts nothing.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from paddock.api import Message, Tool
from paddock.errors import PaddockError
from paddock.families.registry import RENDERERS
from paddock.output.registry import PARSERS
from paddock.prompt import GoRenderer, JinjaRenderer, Renderer
from paddock.template.go import GoTemplate
from paddock.template.jinja import JinjaTemplate

GO = """{{- if or .System .Tools }}<|im_start|>system
{{ .System }}
{{- if .Tools }}
<tools>
{{- range .Tools }}
{"type": "function", "function": {{ .Function }}}
{{- end }}
</tools>
{{- end }}<|im_end|>
{{ end }}
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 }}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ if .Thinking }}<think>{{ .Thinking }}</think>
{{ end }}{{ if .Content }}{{ .Content }}
{{- else if .ToolCalls }}<tool_call>
{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
{{ end }}</tool_call>
{{- end }}{{ if not $last }}<|im_end|>
{{ end }}
{{- else if eq .Role "tool" }}<|im_start|>user
<tool_response>
{{ .Content }}
</tool_response><|im_end|>
{{ end }}
{{- if and (ne .Role "assistant") $last }}<|im_start|>assistant
{{ end }}
{{- end }}"""
JINJA = """{%- if tools %}<|im_start|>system
{%- if messages[0].role == 'system' %}{{ messages[0].content + '\\n\\n' }}{% endif %}
# Tools
<tools>{% for tool in tools %}
{{ tool | tojson }}{% endfor %}
</tools><|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.role in ('user', 'system') %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- elif message.role == 'assistant' %}{{ '<|im_start|>assistant\\n' + message.content }}
{%- for call in message.tool_calls or [] %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}{{ '<|im_end|>\\n' }}
{%- elif message.role == 'tool' %}<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

BOMBS = {
    "Go, loops": (
        GoTemplate.parse,
        "{{range 100000}}{{range 100000}}{{range 100000}}x{{end}}{{end}}{{end}}",
    ),
    "Go, itself": (GoTemplate.parse, '{{define "x"}}a{{template "x" .}}{{end}}{{template "x" .}}'),
    "Go, width": (GoTemplate.parse, '{{range 100000}}{{printf "%9000d" 1}}{{end}}'),
    "Jinja, loops": (
        JinjaTemplate.parse,
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    ),
    "Jinja, text": (JinjaTemplate.parse, "{{ 'a' * 10**9 }}"),
    "Jinja, power": (JinjaTemplate.parse, "{{ 9 ** 9 ** 9 }}"),
    "Jinja, itself": (
        JinjaTemplate.parse,
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    ),
}


@dataclass(frozen=True)
class Figure:
    what: str
    value: float
    unit: str


def tools() -> list[Tool]:
    properties = {
        "city": {"type": "string", "description": "The city to look in."},
        "days": {"type": "integer", "description": "How many days.", "minimum": 1},
        "unit": {"type": "string", "enum": ["c", "f"]},
    }
    parameters = {"type": "object", "properties": properties, "required": ["city"]}
    about = "Looks something up, and gives back what it found."
    return [
        Tool(function={"name": f"look_up_{n}", "description": about, "parameters": parameters})  # pyright: ignore[reportArgumentType]
        for n in range(5)
    ]


def conversation() -> list[Message]:
    text = "Some words of a message that is as long as people write them to a model. " * 3
    call: Any = {"id": "call_1", "function": {"name": "look_up_1", "arguments": {"city": "Oslo"}}}
    messages = [Message(role="system", content=text)]
    for _ in range(4):
        messages += [
            Message(role="user", content=text),
            Message(role="assistant", content="", tool_calls=[call]),
            Message(role="tool", content=text, tool_name="look_up_1", tool_call_id="call_1"),
            Message(role="assistant", content=text, thinking=text),
        ]
    return [*messages, *(Message(role="user", content=text) for _ in range(3))]


def seconds(work: Callable[[], object], rounds: int) -> float:
    times: list[float] = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        times.append(time.thread_time() - started)
    return min(times)


def rendering(rounds: int) -> Iterator[Figure]:
    renderers: dict[str, Renderer] = {
        "Go template": GoRenderer(GoTemplate.parse(GO)),
        "Jinja template": JinjaRenderer(JinjaTemplate.parse(JINJA)),
        **RENDERERS,
    }
    messages, given = conversation(), tools()
    for name, renderer in renderers.items():
        renderer.render(messages, given, True)
        cost = seconds(lambda renderer=renderer: renderer.render(messages, given, True), rounds)
        yield Figure(f"rendering, {name}", cost * 1e3, "ms")


def parsing(rounds: int) -> Iterator[Figure]:
    words = "The answer goes on for a while, with <b>marks</b> of its own, and {braces}. " * 40
    call = '\n<tool_call>\n{"name": "look_up_1", "arguments": {"city": "Oslo"}}\n</tool_call>\n'
    text = f"{words}</think>\n\n{words}{call}{words}"
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    given = tools()
    for name, spec in PARSERS.items():

        def parse(make: Any = spec.make) -> None:
            parser = make(given, None, True)
            for piece in pieces:
                parser.feed(piece)
            parser.finish()

        yield Figure(f"parsing, {name}", seconds(parse, rounds) / len(pieces) * 1e6, "µs/token")


def bombs() -> Iterator[Figure]:
    def explode(parse: Any, text: str) -> None:
        try:
            template = parse(text)
            _ = (
                template.render([])
                if isinstance(template, GoTemplate)
                else template.render(messages=[])
            )
        except PaddockError:
            return
        raise AssertionError(f"{text} came to an end")

    for name, (parse, text) in BOMBS.items():
        yield Figure(f"bomb, {name}", seconds(lambda p=parse, t=text: explode(p, t), 1), "s")
        tracemalloc.start()
        explode(parse, text)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        yield Figure(f"bomb, {name}, memory", peak / 2**20, "MiB")


def main(rounds: int = 30) -> None:
    for figures in (rendering(rounds), parsing(max(3, rounds // 6)), bombs()):
        for figure in figures:
            sys.stdout.write(f"{figure.what:<40}{figure.value:>10.3f} {figure.unit}\n")


if __name__ == "__main__":
    main()
