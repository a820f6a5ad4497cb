"""From Ollama to paddock: what to change in a program, and what it can do after that.

    python cookbook/from_ollama.py --model demo

Three imports, and nothing to start:

    import paddock as ollama                                          # import ollama
    from langchain_paddock import ChatPaddock as ChatOllama           # from langchain_ollama
    from llama_index.llms.paddock import Paddock as Ollama            # from llama_index.llms.ollama

`init_chat_model("ollama:...")` stays as it is, after `langchain_paddock.install(as_ollama=True)`.
Where clients of other processes want a server: `paddock serve`.
"""

import argparse

from langchain.chat_models import init_chat_model
from langchain_core.messages import HumanMessage
from llama_index.core.tools import FunctionTool

import langchain_paddock
import paddock as ollama
from llama_index.llms.paddock import Paddock as Ollama


def get_weather(location: str) -> str:
    """Get the weather at a location."""
    return f"It's sunny in {location}."


def main() -> None:
    parser = argparse.ArgumentParser(description="What changes for a program that used Ollama.")
    parser.add_argument("--model", default="demo")
    model = parser.parse_args().model
    hello = [{"role": "user", "content": "Hello"}]

    print("The same calls")
    print(" ", ollama.chat(model, hello).message.content)
    print("  ", end="")
    for part in ollama.generate(model, "Who are you?", stream=True):
        print(part.response, end="", flush=True)
    print()
    langchain_paddock.install(as_ollama=True)
    chat = init_chat_model(f"ollama:{model}", temperature=0)
    print(" ", chat.invoke("Hello").text)

    print("Options of one call")
    print(" ", chat.invoke("Hello", temperature=0.5, seed=7, num_predict=4, reasoning=False).text)

    print("A call that must come")
    bound = chat.bind_tools([get_weather], tool_choice="get_weather")
    print(" ", bound.invoke("What is the weather in Boston?").tool_calls[0]["args"])
    llm = Ollama(model, temperature=0)
    tool = FunctionTool.from_defaults(get_weather)
    response = llm.chat_with_tools([tool], "What is the weather in Oslo?", tool_required=True)
    print(" ", llm.get_tool_calls_from_response(response)[0].tool_kwargs)

    print("An answer from a list")
    print(" ", ollama.chat(model, hello, choices=["yes", "no"]).message.content)

    print("Tokens counted before they are spent")
    counted = chat.get_num_tokens_from_messages([HumanMessage("Hello")])
    used = chat.invoke("Hello").usage_metadata
    print(f"  {counted}, and the call used {used['input_tokens']}")

    print("What was evaluated before is not evaluated again")
    again = chat.invoke("Hello").usage_metadata
    print(
        f"  {again['input_token_details']['cache_read']} of {again['input_tokens']} tokens reused"
    )

    print("An answer that is left: the work behind it stops within a step")
    with ollama.chat(model, hello, stream=True, options={"num_predict": 500}) as parts:
        print(f"  {next(iter(parts)).message.role} began, and was left")


if __name__ == "__main__":
    main()
