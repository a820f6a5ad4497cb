"""Prompts of every family, written by hand: a greeting, a call with its result, declarations."""

from typing import Any

import pytest

from paddock.api import Message, Think, Tool
from paddock.families import RENDERERS, renderer


def message(role: str, content: str = "", **fields: Any) -> Message:
    return Message.model_validate({"role": role, "content": content} | fields)


def call(name: str = "clock", id: str = "c1", /, **arguments: Any) -> dict[str, Any]:
    return {"id": id, "function": {"name": name, "arguments": arguments}}


def render(name: str, *messages: Message, think: Think = None, tools: Any = None) -> str:
    return renderer(name).render(list(messages), tools, think)


# a greeting, with and without thinking

CHATML = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
CHATML_ANSWER = CHATML + "<|im_start|>assistant\n"
OLMO_THINKING = (
    "<|im_start|>system\nBe brief. You do not currently have access to any functions. "
    "<functions></functions><|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
    "<|im_start|>assistant\n<think>"
)
COGITO = (
    "You are Cogito, an AI assistant created by Deep Cogito, which is an AI research lab based in "
    "San Francisco.\n\nBe brief."
)
GEMMA = "<|turn>system\n{}Be brief.<turn|>\n<|turn>user\nHi<turn|>\n<|turn>model\n"
COHERE = (
    "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|><|START_TEXT|>Be brief.\n\n\n\n# Available Tools\n"
    "```json\n[\n\n\n\n]\n```<|END_TEXT|><|END_OF_TURN_TOKEN|>"
    "<|START_OF_TURN_TOKEN|><|USER_TOKEN|><|START_TEXT|>Hi<|END_TEXT|><|END_OF_TURN_TOKEN|>"
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|><|START_THINKING|>"
)
GLIMMER = (
    "<|begin_of_text|><|start|>system<|message|>Be brief.\n\nReasoning strength: {}.\n\n"
    '# Valid recipients: "self", "user".<|eot|><|start|>user<|message|>Hi<|eot|><|start|>assistant'
)
LFM2 = "<|startoftext|>" + CHATML_ANSWER

GREETINGS = {
    "qwen3-coder": (CHATML_ANSWER, CHATML_ANSWER),
    "qwen3-vl-instruct": (CHATML_ANSWER + "<think>\n", CHATML_ANSWER),
    "qwen3-vl-thinking": (CHATML_ANSWER + "<think>\n", CHATML_ANSWER),
    "qwen3.5": (CHATML_ANSWER + "<think>\n", CHATML_ANSWER + "<think>\n\n</think>\n\n"),
    "qwen3.8": (CHATML_ANSWER + "<think>\n", CHATML_ANSWER + "<think>\n\n</think>\n\n"),
    "ornith": (CHATML_ANSWER + "<think>\n", CHATML_ANSWER + "<think>\n\n</think>\n\n"),
    "cogito": (
        "<｜begin▁of▁sentence｜>Enable deep thinking subroutine.\n\n"
        + COGITO
        + "\n\n<｜User｜>Hi<｜Assistant｜><think>\n",
        f"<｜begin▁of▁sentence｜>{COGITO}<｜User｜>Hi<｜Assistant｜>",
    ),
    "deepseek3.1": (
        "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hi<｜Assistant｜><think>",
        "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hi<｜Assistant｜></think>",
    ),
    "olmo3": (CHATML_ANSWER, CHATML_ANSWER),
    "olmo3.1": (CHATML_ANSWER, CHATML_ANSWER),
    "olmo3-think": (OLMO_THINKING, OLMO_THINKING),
    "olmo3-32b-think": (OLMO_THINKING, OLMO_THINKING),
    "nemotron-3-nano": (CHATML_ANSWER + "<think>\n", CHATML_ANSWER + "<think></think>"),
    "nemotron-3.5-nano": (CHATML_ANSWER + "<think>\n", CHATML_ANSWER + "<think></think>"),
    "gemma4-small": ("<bos>" + GEMMA.format("<|think|>\n"), "<bos>" + GEMMA.format("")),
    "gemma4-large": (
        "<bos>" + GEMMA.format("<|think|>\n"),
        "<bos>" + GEMMA.format("") + "<|channel>thought\n<channel|>",
    ),
    "functiongemma": (
        (
            "<bos><start_of_turn>developer\nBe brief.<end_of_turn>\n"
            "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n"
        ),
    )
    * 2,
    "glm-4.7": (
        "[gMASK]<sop><|system|>Be brief.<|user|>Hi<|assistant|><think>",
        "[gMASK]<sop><|system|>Be brief.<|user|>Hi<|assistant|></think>",
    ),
    "glm-ocr": (
        "[gMASK]<sop><|system|>\nBe brief.\n<|user|>\nHi<|assistant|>\n",
        "[gMASK]<sop><|system|>\nBe brief.\n<|user|>\nHi/nothink<|assistant|>\n<think></think>\n",
    ),
    "lfm2": (LFM2, LFM2),
    "lfm2-thinking": (LFM2, LFM2),
    "laguna": (
        "〈|EOS|〉<system>\n\nBe brief.\n</system>\n<user>\nHi\n</user>\n<assistant>\n<think>",
        "〈|EOS|〉<system>\n\nBe brief.\n</system>\n<user>\nHi\n</user>\n<assistant>\n</think>",
    ),
    "poolside-v1": (
        "〈|EOS|〉<system>Be brief.</system>\n<user>Hi</user>\n<assistant><think>",
        "〈|EOS|〉<system>Be brief.</system>\n<user>Hi</user>\n<assistant></think>",
    ),
    "cohere": (COHERE, COHERE + "<|END_THINKING|>"),
    "glimmer": (GLIMMER.format("high"), GLIMMER.format("none")),
}


@pytest.mark.parametrize("name", RENDERERS)
def test_a_greeting(name: str) -> None:
    messages = message("system", "Be brief."), message("user", "Hi")
    thinking, not_thinking = GREETINGS[name]
    assert render(name, *messages, think=True) == thinking
    assert render(name, *messages, think=False) == not_thinking


@pytest.mark.parametrize("name", RENDERERS)
def test_the_bos_text_leads_the_prompt_except_where_the_tokenizer_adds_it(name: str) -> None:
    prompt = render(name, message("user", "Hi"))
    assert prompt.startswith(renderer(name).leading_bos) == (name != "cohere")


# a call with its result, which the model is to answer

XML_CALL = (
    "<tool_call>\n<function=clock>\n<parameter=zone>\nOslo\n</parameter>\n"
    "<parameter=n>\n3\n</parameter>\n</function>\n</tool_call>"
)
QUESTION = "<|im_start|>user\nTime?<|im_end|>\n<|im_start|>assistant\n"
RESULT = "<|im_start|>user\n<tool_response>\n12:30\n</tool_response><|im_end|>\n"
ANSWER = "<|im_start|>assistant\n"
KEYS = "<arg_key>zone</arg_key><arg_value>Oslo</arg_value><arg_key>n</arg_key><arg_value>3"
OLMO = (
    "{}You do not currently have access to any functions. <functions></functions><|im_end|>\n"
    "<|im_start|>user\nTime?<|im_end|>\n<|im_start|>assistant\n"
    '<function_calls>clock(n=3, zone="Oslo")</function_calls><|im_end|>\n'
    "<|im_start|>environment\n12:30<|im_end|>\n<|im_start|>assistant\n"
)
OLMO_IS = (
    "You are Olmo, a helpful AI assistant built by Ai2. Your date cutoff is December 2024, and "
    "your model weights are available at https://huggingface.co/allenai."
)
OLMO_IGNORED = (
    "<|im_start|>system\n{}<|im_end|>\n<|im_start|>user\nTime?<|im_end|>\n"
    "<|im_start|>assistant\n<|im_end|>\n<|im_start|>assistant\n<think>"
)
NEMOTRON = (
    "<|im_start|>system\n<|im_end|>\n"
    + QUESTION
    + "{}\n"
    + XML_CALL
    + "\n<|im_end|>\n<|im_start|>user\n<tool_response>\n12:30\n</tool_response>\n<|im_end|>\n"
    + ANSWER
    + "<think>\n"
)
GEMMA_CALL = (
    "<bos><|turn>system\n<|think|>\n<turn|>\n<|turn>user\nTime?<turn|>\n<|turn>model\n"
    "<|channel>thought\nhm\n<channel|>"
    '<|tool_call>call:clock{n:3,zone:<|"|>Oslo<|"|>}<tool_call|>'
    '<|tool_response>response:clock{value:<|"|>12:30<|"|>}<tool_response|><|channel>thought\n'
)
LFM2_CALL = (
    "<|startoftext|><|im_start|>user\nTime?<|im_end|>\n<|im_start|>assistant\n{}"
    '<|tool_call_start|>[clock(n=3,zone="Oslo")]<|tool_call_end|><|im_end|>\n'
    "<|im_start|>tool\n<|tool_response_start|>12:30<|tool_response_end|><|im_end|>\n"
    "<|im_start|>assistant\n"
)
LAGUNA_SYSTEM = (
    "You are a helpful, conversationally-fluent assistant made by Poolside. You are here to be "
    "helpful to users through natural language conversations."
)

CALLED = {
    "qwen3-coder": QUESTION + f"\n{XML_CALL}<|im_end|>\n" + RESULT + ANSWER,
    "qwen3-vl-thinking": (
        QUESTION
        + "<think>\nhm<tool_call>\n"
        + '{"name": "clock", "arguments": {"zone": "Oslo", "n": 3}}\n</tool_call><|im_end|>\n'
        + RESULT
        + ANSWER
        + "<think>\n"
    ),
    "qwen3.5": (
        QUESTION
        + f"<think>\nhm\n</think>\n\n{XML_CALL}<|im_end|>\n"
        + RESULT
        + ANSWER
        + "<think>\n"
    ),
    "cogito": (
        "<｜begin▁of▁sentence｜>Enable deep thinking subroutine.\n\n"
        + COGITO.removesuffix("\n\nBe brief.")
        + "<｜User｜>Time?<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function"
        + '<｜tool▁sep｜>clock\n```json\n{"zone":"Oslo","n":3}\n```<｜tool▁call▁end｜>'
        + "<｜tool▁calls▁end｜><｜end▁of▁sentence｜><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>"
        + "12:30<｜tool▁output▁end｜><｜tool▁outputs▁end｜><｜Assistant｜><think>\n"
    ),
    "deepseek3.1": (
        "<｜begin▁of▁sentence｜><｜User｜>Time?<｜Assistant｜></think><｜tool▁calls▁begin｜>"
        '<｜tool▁call▁begin｜>clock<｜tool▁sep｜>{"zone":"Oslo","n":3}<｜tool▁call▁end｜>'
        "<｜tool▁calls▁end｜><｜end▁of▁sentence｜>"
        "<｜tool▁output▁begin｜>12:30<｜tool▁output▁end｜>"
    ),
    "olmo3": OLMO.format("<|im_start|>system\nYou are a helpful function-calling AI assistant. "),
    "olmo3.1": OLMO.format(f"<|im_start|>system\n{OLMO_IS} "),
    "olmo3-think": OLMO_IGNORED.format(OLMO_IS),
    "olmo3-32b-think": OLMO_IGNORED.format("You are a helpful AI assistant."),
    "nemotron-3-nano": NEMOTRON.format("<think>\nhm\n</think>"),
    "nemotron-3.5-nano": NEMOTRON.format("<think>\nhm</think>"),
    "gemma4-small": GEMMA_CALL,
    "gemma4-large": GEMMA_CALL,
    "functiongemma": (
        "<bos><start_of_turn>user\nTime?<end_of_turn>\n<start_of_turn>model\n"
        "<start_function_call>call:clock{n:3,zone:<escape>Oslo<escape>}<end_function_call>"
        "<start_function_response>response:clock{<escape>12:30<escape>}<end_function_response>"
    ),
    "glm-4.7": (
        "[gMASK]<sop><|user|>Time?<|assistant|><think>hm</think><tool_call>clock"
        + KEYS
        + "</arg_value></tool_call><|observation|><tool_response>12:30</tool_response>"
        + "<|assistant|><think>"
    ),
    "glm-ocr": (
        "[gMASK]<sop><|user|>\nTime?<|assistant|>\n<think>hm</think>\n<tool_call>clock"
        + KEYS
        + "</arg_value></tool_call>\n<|observation|>\n<tool_response>\n12:30\n</tool_response>\n"
        + "<|assistant|>\n"
    ),
    "lfm2": LFM2_CALL.format(""),
    "lfm2-thinking": LFM2_CALL.format("<think>hm</think>"),
    "laguna": (
        f"〈|EOS|〉<system>\n\n{LAGUNA_SYSTEM}\n</system>\n<user>\nTime?\n</user>\n"
        "<assistant>\n<think>\nhm\n</think>\n<tool_call>clock\n"
        "<arg_key>zone</arg_key>\n<arg_value>Oslo</arg_value>\n"
        "<arg_key>n</arg_key>\n<arg_value>3</arg_value>\n</tool_call>\n</assistant>\n"
        "<tool_response>\n12:30\n</tool_response>\n<assistant>\n<think>"
    ),
    "poolside-v1": (
        f"〈|EOS|〉<system>{LAGUNA_SYSTEM}</system>\n<user>Time?</user>\n"
        f"<assistant><think>hm</think><tool_call>clock{KEYS}</arg_value></tool_call></assistant>\n"
        "<tool_response>12:30</tool_response>\n<assistant><think>"
    ),
    "cohere": (
        "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|><|START_TEXT|># Available Tools\n"
        "```json\n[\n\n\n\n]\n```<|END_TEXT|><|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|USER_TOKEN|><|START_TEXT|>Time?<|END_TEXT|>"
        "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>\n            \n"
        "                <|START_THINKING|>hm<|END_THINKING|><|START_ACTION|>[\n\n"
        '    {"tool_call_id": "0", "tool_name": "clock", "parameters": {"zone": "Oslo", "n": 3}}'
        "\n\n]<|END_ACTION|><|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|><|START_TOOL_RESULT|>[\n    {\n"
        '        "tool_call_id": "0",\n        "results": {\n\n            \n'
        '            "0": {"content": "12:30"}\n\n        },\n        "is_error": null\n    }\n\n]'
        "<|END_TOOL_RESULT|><|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|><|START_THINKING|>"
    ),
}
CALLED |= {
    "qwen3-vl-instruct": CALLED["qwen3-vl-thinking"],
    "qwen3.8": CALLED["qwen3.5"],
    "ornith": CALLED["qwen3.5"],
}


@pytest.mark.parametrize("name", CALLED)
def test_a_call_and_its_result(name: str) -> None:
    messages = (
        message("user", "Time?"),
        message("assistant", thinking="hm", tool_calls=[call(zone="Oslo", n=3)]),
        message("tool", "12:30", tool_call_id="c1"),
    )
    assert render(name, *messages, think=True) == CALLED[name]


def test_glimmer_sends_calls_to_their_tools() -> None:
    prompt = render(
        "glimmer",
        message("system", "Be brief. Reasoning effort is low."),
        message("user", "Time?"),
        message("assistant", thinking="hm", tool_calls=[call(zone="Oslo"), call("b", "c2", n=3)]),
        message("tool", "12:30", tool_call_id="c1"),
        message("assistant", "Half past twelve."),
    )
    assert prompt == (
        "<|begin_of_text|><|start|>system<|message|>Be brief. Reasoning strength is low.\n\n"
        '# Valid recipients: "self", "user".<|eot|><|start|>user<|message|>Time?<|eot|>'
        "<|start|>assistant to=self<|message|>hm<|eom|>"
        "<|start|>assistant to=clock<|message|><atem:function_calls>\n"
        '<atem:invoke name="clock">\n<atem:parameter name="zone">Oslo</atem:parameter>\n'
        "</atem:invoke>\n</atem:function_calls><|eom|>"
        "<|start|>assistant to=b<|message|><atem:function_calls>\n"
        '<atem:invoke name="b">\n<atem:parameter name="n">3</atem:parameter>\n'
        "</atem:invoke>\n</atem:function_calls><|eot|>"
        '<|start|>tool clock<|message|><tool_output name="clock">\n12:30\n</tool_output><|eot|>'
        "<|start|>assistant to=user<|message|>Half past twelve.<|eot|><|start|>assistant"
    )


# declarations

CLOCK = Tool.model_validate(
    {
        "type": "function",
        "function": {
            "name": "clock",
            "description": "Tells <time>",
            "parameters": {
                "type": "object",
                "required": ["zone"],
                "properties": {
                    "zone": {"type": "string", "description": "Zone ", "enum": ["a", "b"]},
                    "at": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
                    },
                    "mode": {"type": ["string", "null"]},
                },
            },
        },
    }
)
PARAMETERS = (
    '{"type": "object", "required": ["zone"], "properties": {"zone": {"type": "string", '
    '"description": "Zone ", "enum": ["a", "b"]}, "at": {"type": "array", "items": '
    '{"properties": {"n": {"type": "integer"}}, "type": "object"}}, '
    '"mode": {"type": ["string", "null"]}}}'
)
ESCAPED = '"name": "clock", "description": "Tells \\u003ctime\\u003e", "parameters": ' + PARAMETERS
FUNCTION = '{"name": "clock", "description": "Tells <time>", "parameters": ' + PARAMETERS + "}"
TOOL = '{"type": "function", "function": {' + ESCAPED + "}}"

DECLARED = {
    "qwen3-coder": (
        "\n\n# Tools\n\nYou have access to the following functions:\n\n<tools>"
        "\n<function>\n<name>clock</name>\n<description>Tells <time></description>\n<parameters>"
        "\n<parameter>\n<name>zone</name>\n<type>string</type>\n<description>Zone </description>"
        '\n<enum>["a","b"]</enum>\n</parameter>'
        "\n<parameter>\n<name>at</name>\n<type>array</type>"
        '\n<items>{"properties":{"n":{"type":"integer"}},"type":"object"}</items>\n</parameter>'
        '\n<parameter>\n<name>mode</name>\n<type>["string","null"]</type>\n</parameter>'
        '\n<required>["zone"]</required>\n</parameters>\n</function>\n</tools>\n\nIf you choose'
    ),
    "nemotron-3-nano": (
        "system\n# Tools\n\nYou have access to the following functions:\n\n<tools>"
        "\n<function>\n<name>clock</name>\n<description>Tells <time></description>\n<parameters>"
        "\n<parameter>\n<name>zone</name>\n<type>string</type>\n<description>Zone</description>"
        '\n<enum>["a", "b"]</enum>\n</parameter>'
        "\n<parameter>\n<name>at</name>\n<type>array</type>"
        '\n<items>{"properties": {"n": {"type": "integer"}}, "type": "object"}</items>'
        "\n</parameter>\n<parameter>\n<name>mode</name>\n<type>['string', 'null']</type>"
        '\n</parameter>\n<required>["zone"]</required>\n</parameters>\n</function>\n</tools>'
    ),
    "qwen3-vl-thinking": f"<tools>\n{TOOL}\n</tools>\n\nFor each function call, return a json",
    "qwen3.5": f"<tools>\n{TOOL}\n</tools>\n\nIf you choose to call a function ONLY reply",
    "cogito": (
        "\nYou have the following functions available:\n```json\n{\n"
        '    "type": "function",\n    "function": {\n        "name": "clock",\n'
    ),
    "deepseek3.1": (
        "\n\n## Tools\nYou have access to the following tools:\n\n### clock\n"
        "Description: Tells <time>\n\n"
        'Parameters: {"type":"object","required":["zone"],"properties":{"zone":{"type":"string"'
    ),
    "olmo3": f"to plug into functions.<functions>[{TOOL}]</functions><|im_end|>\n",
    "gemma4-small": (
        '<|tool>declaration:clock{description:<|"|>Tells <time><|"|>,parameters:{properties:{'
        'at:{items:{properties:{n:{type:<|"|>INTEGER<|"|>}},type:<|"|>OBJECT<|"|>},'
        'type:<|"|>ARRAY<|"|>},'
        "mode:{type:<|\"|>['STRING', 'NULL']<|\"|>},"
        'zone:{description:<|"|>Zone <|"|>,enum:[<|"|>a<|"|>,<|"|>b<|"|>],type:<|"|>STRING<|"|>}}'
        ',required:[<|"|>zone<|"|>],type:<|"|>OBJECT<|"|>}}<tool|><turn|>\n'
    ),
    "functiongemma": (
        "<start_of_turn>developer\nYou can do function calling with the following functions:"
        "<start_function_declaration>declaration:clock{description:<escape>Tells <time><escape>,"
        "parameters:{properties:{at:{description:<escape><escape>,type:<escape>ARRAY<escape>},"
        "mode:{description:<escape><escape>,type:<escape>STRING<escape>},"
        "zone:{description:<escape>Zone <escape>,type:<escape>STRING<escape>}},"
        "required:[<escape>zone<escape>],type:<escape>OBJECT<escape>}}"
        "<end_function_declaration><end_of_turn>\n"
    ),
    "glm-4.7": f"<tools>\n{TOOL}\n</tools>\n\nFor each function call, output the function name",
    "lfm2": f"List of tools: <|tool_list_start|>[{FUNCTION}]<|tool_list_end|><|im_end|>\n",
    "laguna": f"<available_tools>\n{TOOL}\n</available_tools>\n\nFor each function call, return",
    "poolside-v1": f"<available_tools>\n{TOOL}\n</available_tools></system>\n",
    "cohere": f'```json\n[\n\n    {{{ESCAPED}, "responses": null}}\n\n\n]\n```<|END_TEXT|>',
    "glimmer": (
        '\n// Tool metadata\n{"name": "clock", "description": ""}\n// Function schemas\n'
        f"{FUNCTION}\n\nHere's an example of how to call a function in the tool set:\n"
    ),
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_tool_is_declared(name: str) -> None:
    prompt = render(name, message("user", "Hi"), tools=[CLOCK])
    assert DECLARED[name] in prompt


def test_only_thinking_olmo_knows_no_tools() -> None:
    silent = [n for n in RENDERERS if "clock" not in render(n, message("user"), tools=[CLOCK])]
    assert silent == ["olmo3-think", "olmo3-32b-think"]
