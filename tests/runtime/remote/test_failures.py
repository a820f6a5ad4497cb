import pickle

import pytest

from paddock import errors
from paddock.errors import ModelNotFoundError, PaddockError
from paddock.remote.failures import error_in, failure, refusal


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (404, "model 'm' not found", errors.ModelNotFoundError),
        (404, 'model "m" not found, try pulling it first', errors.ModelNotFoundError),
        (404, 'blob "sha256:00" not found', errors.BlobNotFoundError),
        (404, "404 page not found", errors.NotFoundError),
        (400, "missing request body", errors.RequestError),
        (400, "invalid model name", errors.InvalidNameError),
        (400, 'name "a b" is invalid', errors.InvalidNameError),
        (400, 'source "a b" is invalid', errors.InvalidNameError),
        (400, '"m" does not support thinking', errors.UnsupportedError),
        (400, "the input length exceeds the context length", errors.ContextLengthError),
        (500, 'option "seed" must be of type integer', errors.OptionError),
        (500, 'invalid format: "\\"xml\\""; expected "json" or a valid', errors.GrammarError),
        (400, "template error: unexpected EOF", errors.TemplateError),
        (400, 'digest mismatch, expected "a", got "b"', errors.DigestMismatchError),
        (400, "invalid digest format", errors.InvalidDigestError),
        (500, "pull model manifest: file does not exist", errors.TransferError),
        (401, "unauthorized", errors.UnauthorizedError),
        (403, "ollama cloud is disabled: remote model is unavailable", errors.ServerError),
        (499, "request canceled", errors.ServerError),
        (500, "llama runner process has terminated", errors.ServerError),
        (500, "unable to load full model on GPU", errors.LoadError),
        (
            503,
            "server busy, please try again.  maximum pending requests exceeded",
            errors.QueueFullError,
        ),
        (503, "no", errors.BusyError),
        (504, "the request's deadline passed while it ran", errors.DeadlineError),
    ],
)
def test_a_refusal_is_the_error_that_a_runtime_would_have_raised(
    status: int, text: str, kind: type[PaddockError]
):
    error = failure(text, status)
    assert type(error) is kind
    assert (error.status_code, error.error, str(error)) == (status, text, text)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.status_code, again.error) == (kind, status, text)


def test_a_model_that_is_not_found_is_named():
    error = failure("model 'a/b:c' not found", 404)
    assert isinstance(error, ModelNotFoundError)
    assert error.name == "a/b:c"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error":"no"}', "no"),
        (b'{"error":{"message":"no","type":"invalid_request_error"}}', "no"),
        (b"<html>no</html>", "<html>no</html>"),
        (b"", "418 I'm a teapot"),
        (b'{"error":null}', '{"error":null}'),
        (b"[" * 100_000, "[" * 1000),
        (b"\xff", "\ufffd"),
    ],
)
def test_the_words_of_a_refusal_are_found_in_any_body(body: bytes, text: str):
    error = refusal(418, "I'm a teapot", body)
    assert (error.status, str(error)) == (418, text)


def test_a_line_of_an_answer_may_tell_an_error_instead():
    error = error_in(b'{"error":"model runner has unexpectedly stopped"}')
    assert type(error) is errors.ServerError
    assert error.status == 500
    assert isinstance(error_in(b'{"error":"model \'m\' not found"}'), ModelNotFoundError)


@pytest.mark.parametrize(
    "line",
    [
        b'{"message":{"role":"assistant","content":"\\"error\\""},"done":false}',
        b'{"message":{"tool_calls":[{"function":{"arguments":{"error":"x"}}}]}}',
        b'{"error":""}',
        b'{"error":',
    ],
)
def test_a_line_that_only_mentions_an_error_is_none(line: bytes):
    assert error_in(line) is None
