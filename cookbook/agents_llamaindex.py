"""LlamaIndex: two agents that hand a request to each other (AgentWorkflow), step by step.

python cookbook/agents_llamaindex.py --model demo
"""

import argparse
import asyncio

from llama_index.core.agent.workflow import (
    AgentOutput,
    AgentWorkflow,
    FunctionAgent,
    ToolCallResult,
)

from llama_index.llms.paddock import Paddock

REQUESTS = ["What is the weather in Boston?", "Book 2 tickets for Friday."]


def get_weather(location: str) -> str:
    """Get the weather at a location."""
    return f"It's sunny in {location}."


def book_tickets(day: str, count: int) -> str:
    """Book tickets for a day."""
    return f"Booked {count} tickets for {day}."


def workflow_of(llm: Paddock) -> AgentWorkflow:
    weather = FunctionAgent(
        name="weather",
        description="Tells the weather.",
        system_prompt="You tell the weather.",
        tools=[get_weather],
        can_handoff_to=["tickets"],
        llm=llm,
    )
    tickets = FunctionAgent(
        name="tickets",
        description="Books tickets.",
        system_prompt="You book tickets.",
        tools=[book_tickets],
        can_handoff_to=["weather"],
        llm=llm,
    )
    return AgentWorkflow([weather, tickets], root_agent="weather", timeout=300)


async def run(workflow: AgentWorkflow, request: str) -> None:
    print(f"> {request}")
    handler = workflow.run(request, max_iterations=6, early_stopping_method="generate")
    async for event in handler.stream_events():
        match event:
            case AgentOutput(current_agent_name=name, raw=raw):
                usage = raw["usage"] if raw else {}
                reused = usage.get("prompt_tokens_details", {}).get("cached_tokens")
                print(f"  {name}: {usage.get('prompt_tokens')} prompt tokens, {reused} reused")
            case ToolCallResult(tool_name=name, tool_kwargs=arguments, tool_output=output):
                print(f"    {name}({arguments}) -> {output.content}")
            case _:
                pass
    print(await handler)


async def main() -> None:
    parser = argparse.ArgumentParser(description="Two agents, with LlamaIndex.")
    parser.add_argument("--model", default="demo")
    llm = Paddock(
        parser.parse_args().model,
        temperature=0,
        thinking=False,
        context_window=4096,
        max_tokens=128,
        is_function_calling_model=True,
    )
    workflow = workflow_of(llm)
    for request in REQUESTS:
        await run(workflow, request)


if __name__ == "__main__":
    asyncio.run(main())
