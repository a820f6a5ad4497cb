"""A server of Ollama's API in the place of the Runtime: the same calls, answered over HTTP.

`RemoteRuntime(host)` is what clients, adapters and the command line use where a host is named; the
server may be paddock's or Ollama's own. Importing loads no HTTP library and starts no thread.
"""

from paddock.remote.runtime import RemoteRuntime

__all__ = ["RemoteRuntime"]
