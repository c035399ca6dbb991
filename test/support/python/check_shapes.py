"""Holds bodies on standard input ({requests, answers, restructured}) to PaddleX's own schemas. Prints JSON."""

import json
import sys

import paddlex.utils.deps

# The schemas need none of the packages that running the server would.
paddlex.utils.deps.require_serving_plugin = lambda: None

from paddlex.inference.serving.schemas.paddleocr_vl import (  # noqa: E402
    InferRequest,
    InferResult,
    RestructurePagesRequest,
    RestructurePagesResult,
)


def verdict(schema, body):
    try:
        schema.model_validate(body)
        return True
    except ValueError:
        return False


given = json.load(sys.stdin)
json.dump(
    {
        "requests": [verdict(InferRequest, body) for body in given["requests"]],
        "answers": [verdict(InferResult, body) for body in given["answers"]],
        "restructureRequests": [verdict(RestructurePagesRequest, body) for body in given["restructureRequests"]],
        "restructured": [verdict(RestructurePagesResult, body) for body in given["restructured"]],
    },
    sys.stdout,
)
