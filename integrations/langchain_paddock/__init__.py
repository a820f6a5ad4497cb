"""LangChain on paddock: models that answer inside this process. The public names, nothing else."""

try:
    import langchain_core as _langchain_core
except ModuleNotFoundError as error:
    if error.name != "langchain_core":
        raise
    raise ImportError(
        'langchain_paddock needs langchain-core: pip install "paddock[langchain]"'
    ) from error

from langchain_paddock._install import install, install_if_imported, make_loadable, uninstall
from langchain_paddock.chat_models import ChatPaddock
from langchain_paddock.embeddings import PaddockEmbeddings
from langchain_paddock.llms import PaddockLLM
from langchain_paddock.rerank import PaddockRerank
from paddock import __version__

del _langchain_core

__all__ = [
    "ChatPaddock",
    "PaddockEmbeddings",
    "PaddockLLM",
    "PaddockRerank",
    "__version__",
    "install",
    "uninstall",
]

make_loadable()
install_if_imported()
