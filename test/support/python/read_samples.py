"""Reads the bundle's samples through the openai package: read_samples.py BASE_URL SAMPLES_DIR. Prints JSON."""

import base64
import json
import sys
from pathlib import Path

from openai import NotFoundError, OpenAI

client = OpenAI(base_url=sys.argv[1], api_key="null", max_retries=0)
folder = Path(sys.argv[2])
samples = json.loads((folder / "samples.json").read_text(encoding="utf-8"))


def messages(sample):
    data = base64.b64encode((folder / sample["file"]).read_bytes()).decode()
    return [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
                {"type": "text", "text": sample["task"]},
            ],
        }
    ]


model = client.models.list().data[0].id
readings = {}
for sample in samples:
    # What the official paddleocr client sends along.
    extra = {"skip_special_tokens": True}
    whole = client.chat.completions.create(
        model=model, messages=messages(sample), temperature=0, max_completion_tokens=4096, extra_body=extra
    )
    stream = client.chat.completions.create(
        model=model, messages=messages(sample), stream=True, stream_options={"include_usage": True}
    )
    text, usage = "", None
    for chunk in stream:
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        usage = chunk.usage or usage
    readings[sample["file"]] = {
        "whole": whole.choices[0].message.content,
        "streamed": text,
        "usage": whole.usage.model_dump(exclude_none=True) == usage.model_dump(exclude_none=True),
        "finish": whole.choices[0].finish_reason,
    }
try:
    client.chat.completions.create(model="gpt-4o", messages=messages(samples[0]))
    refused = None
except NotFoundError as error:
    refused = error.code
json.dump({"model": model, "readings": readings, "refused": refused}, sys.stdout)
