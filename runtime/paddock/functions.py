"""The calls of the official client as functions: those of one client that all callers share.

The client is a handle without state that asks for the process's runtime at each call, so nothing
starts here.
"""

from paddock.client import Client

_client = Client()

chat = _client.chat
copy = _client.copy
create = _client.create
create_blob = _client.create_blob
delete = _client.delete
embed = _client.embed
embeddings = _client.embeddings
generate = _client.generate
list = _client.list  # noqa: A001 - the official client's name
ps = _client.ps
pull = _client.pull
push = _client.push
rerank = _client.rerank
show = _client.show
