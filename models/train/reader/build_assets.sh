#!/bin/bash
# Builds what both trainings draw from: subset fonts, the text corpus and the tokenizer.
#   ASSETS=FOLDER bash build_assets.sh
# Needs Debian bookworm's package lists (apt-get update), dpkg, python3 with fonttools; 3 GB of disk.
set -euo pipefail
: "${ASSETS:?set ASSETS to the folder to fill}"
HERE=$(cd "$(dirname "$0")" && pwd); WORK="$ASSETS/packages"; BUNDLE="$HERE/../../pocket"
bash "$HERE/packages.sh" "$WORK"
python3 "$HERE/make_corpus.py" "$WORK/text_unpacked" "$ASSETS/corpus"
python3 "$HERE/make_fonts.py" "$WORK/fonts_unpacked" "$ASSETS/corpus" "$ASSETS/fonts"
mkdir -p "$ASSETS/model"
python3 "$HERE/make_tokenizer.py" "$ASSETS/corpus/en.txt" "$ASSETS/corpus/hanzi.txt" "$ASSETS/model"
cp "$BUNDLE/preprocessor_config.json" "$BUNDLE/chat_template.jinja" "$ASSETS/model/"
python3 "$HERE/check_tok.py" "$ASSETS/model"
