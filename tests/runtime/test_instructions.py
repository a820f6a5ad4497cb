import pytest

from paddock.instructions import QUERY_KEY, TEXT_KEY, instructions_of

TASK = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
)


@pytest.mark.parametrize(
    ("name", "query", "text"),
    [
        ("nomic-embed-text", "search_query: ", "search_document: "),
        ("nomic-embed-text-v1.5", "search_query: ", "search_document: "),
        ("nomic-embed-text-v2-moe", "search_query: ", "search_document: "),
        ("E5 Small v2", "query: ", "passage: "),
        ("multilingual-e5-large", "query: ", "passage: "),
        (
            "multilingual-e5-large-instruct",
            f"{TASK} ",
            "",
        ),
        (
            "Qwen3 Embedding 0.6B",
            TASK,
            "",
        ),
        ("embeddinggemma-300m", "task: search result | query: ", "title: none | text: "),
        ("snowflake-arctic-embed2", "query: ", ""),
        ("snowflake-arctic-embed-l-v2.0", "query: ", ""),
        (
            "snowflake-arctic-embed-m-v1.5",
            "Represent this sentence for searching relevant passages: ",
            "",
        ),
        ("mxbai-embed-large", "Represent this sentence for searching relevant passages: ", ""),
        ("bge-large-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
    ],
)
def test_a_known_family_has_the_words_of_its_model_card(name: str, query: str, text: str):
    for found in (
        instructions_of({"general.name": name}, []),
        instructions_of({}, ["something-else", name]),
    ):
        assert found is not None
        assert (found.query, found.text) == (query, text)


@pytest.mark.parametrize(
    "name", ["all-MiniLM-L6-v2", "bge-m3", "bge-base-zh-v1.5", "granite-embedding", "my-e5", ""]
)
def test_nothing_is_guessed_for_other_models(name: str):
    assert instructions_of({"general.name": name}, [name]) is None


def test_the_metadata_of_the_file_wins():
    metadata = {"general.name": "nomic-embed-text", QUERY_KEY: "q: "}
    found = instructions_of(metadata, [])
    assert found is not None
    assert (found.query, found.text) == ("q: ", "")
    found = instructions_of({TEXT_KEY: "t: ", QUERY_KEY: 7}, ["nomic-embed-text"])
    assert found is not None
    assert (found.query, found.text) == ("", "t: ")
