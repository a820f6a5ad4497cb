"""LangChain: an agent that calls tools, by `create_agent` and as a LangGraph loop of one's own.

    python cookbook/agent_langchain.py --model demo

Each step's prompt is the step before it and what has come since. paddock keeps what it has
evaluated, and the figures show how much of each prompt was there already.
"""

import argparse
from collections.abc import Iterable

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from langchain_paddock import ChatPaddock


@tool
def get_weather(location: str) -> str:
    """Get the weather at a location."""
    return f"It's sunny in {location}."


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


TOOLS = [get_weather, add]


def told(messages: Iterable[AnyMessage]) -> None:
    for message in messages:
        print(f"  {message.type:>5}: {message.text or _calls(message)}")
        if isinstance(message, AIMessage) and (usage := message.usage_metadata):
            reused = usage.get("input_token_details", {}).get("cache_read", 0)
            print(f"         {usage['input_tokens']} prompt tokens, {reused} of them reused")


def _calls(message: AnyMessage) -> str:
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return ", ".join(f"{call['name']}({call['args']})" for call in calls)


def graph_of(model: ChatPaddock) -> StateGraph[MessagesState]:
    """The same loop by hand: ask, call what is asked for, ask again, until there is an answer."""
    bound = model.bind_tools(TOOLS)

    def ask(state: MessagesState) -> MessagesState:
        return {"messages": [bound.invoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("ask", ask)
    graph.add_node("tools", ToolNode(TOOLS))
    graph.add_edge(START, "ask")
    graph.add_conditional_edges("ask", tools_condition)
    graph.add_edge("tools", "ask")
    return graph


def main() -> None:
    parser = argparse.ArgumentParser(description="An agent with tools, with LangChain.")
    parser.add_argument("--model", default="demo")
    model = ChatPaddock(
        model=parser.parse_args().model, temperature=0, reasoning=False, num_ctx=4096
    )

    print("create_agent")
    agent = create_agent(model, TOOLS)
    question = HumanMessage("What is the weather in Boston?")
    told(agent.invoke({"messages": [question]}, {"recursion_limit": 12})["messages"])

    print("LangGraph")
    loop = graph_of(model).compile()
    question = HumanMessage("Add 17 and 25.")
    told(loop.invoke({"messages": [question]}, {"recursion_limit": 12})["messages"])

    print("A call that must come, whatever is said")
    forced = model.bind_tools(TOOLS, tool_choice="get_weather")
    told([forced.invoke("Hello!")])


if __name__ == "__main__":
    main()
