"""The HTTP API: spec http-api.md section 15. Each face of the server has its module of runners."""

from tests.vectors import http_faces, http_native

RUNNERS = {**http_faces.RUNNERS, **http_native.RUNNERS}
