#!/bin/bash
# Trains the reader and evaluates it.
#   ASSETS=FOLDER OUT=FOLDER bash main.sh SECONDS TOTAL T0 "extra train arguments" EVAL_COUNT "extra eval arguments"
# SECONDS 0 skips training, EVAL_COUNT 0 skips evaluation. The state of a run is kept in OUT for --resume.
set -uo pipefail
: "${ASSETS:?set ASSETS to the folder build_assets.sh filled}" "${OUT:?set OUT to the folder for results}"
export PYTHONUNBUFFERED=1
HERE=$(cd "$(dirname "$0")" && pwd); GPUS=${GPUS:-4}; MODEL="$OUT/model"; STATE="$OUT/state.pt"; START=$(date +%s)
mkdir -p "$MODEL"
if [ ! -f "$ASSETS/atlas.pkl" ]; then
  python3 -c "import sys; sys.path.insert(0, sys.argv[1]); import data; data.build_atlas(sys.argv[2] + '/fonts', sys.argv[2] + '/atlas', 60)" "$HERE" "$ASSETS"
fi
if [ "$1" != 0 ]; then
  T0=$3; [ -f "$STATE.el" ] && T0=$(cat "$STATE.el")
  timeout -k 5 $(( ${1%.*} + 110 )) python3 "$HERE/train.py" --assets "$ASSETS" --gpus "$GPUS" --workers 15 --seconds "$1" --total "$2" --t0 "$T0" \
    --curr 60 --decay0 .25 --warm 5 --opt muon --lr 3e-3 --Tv 32768 --out "$MODEL" --state "$STATE" --saveat 330 --evalevery 60 --log 12 $4 2>&1 | tee "$OUT/train.log"
fi
cp "$ASSETS"/model/*.json "$ASSETS"/model/*.jinja "$MODEL/"
if [ "$5" != 0 ]; then
  PIDS=
  for ((g = 0; g < GPUS; g++)); do
    timeout 200 python3 "$HERE/eval.py" --assets "$ASSETS" --model "$MODEL" --out "$OUT/eval" --gpu $g --part $g/$GPUS --n "$5" $6 > "$OUT/eval-$g.log" 2>&1 & PIDS="$PIDS $!"
  done
  wait $PIDS
fi
sha256sum "$MODEL"/*.safetensors; echo "seconds: $(( $(date +%s) - START ))"
