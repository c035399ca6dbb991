"""Reads the bundle's samples through PaddleX's own client of a VLM server: read_with_paddlex.py BASE_URL SAMPLES_DIR.

Prints JSON. No weights are loaded: with a server as its backend the predictor is only a client.
"""

import json
import sys
from pathlib import Path

from paddlex import create_model

folder = Path(sys.argv[2])
samples = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
genai = {"backend": "vllm-server", "server_url": sys.argv[1]}
model = create_model(model_name="PaddleOCR-VL-1.6-0.9B", genai_config=genai)
readings = {}
for sample in samples:
    image = str(folder / sample["file"])
    [result] = model.predict({"image": image, "query": sample["task"]}, max_new_tokens=4096)
    readings[sample["file"]] = result["result"]
print(json.dumps(readings))
