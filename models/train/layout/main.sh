#!/bin/bash
# Trains the layout detector.
#   ASSETS=FOLDER OUT=FOLDER bash main.sh SECONDS [TOTAL [extra train.py arguments]]
# One part: main.sh 480. Two parts, the state kept in OUT: main.sh 480 960, then main.sh 480 960 --resume.
set -u
: "${ASSETS:?set ASSETS to the folder reader/build_assets.sh filled}" "${OUT:?set OUT to the folder for results}"
export PYTHONUNBUFFERED=1 OMP_NUM_THREADS=2 TOKENIZERS_PARALLELISM=false NCCL_NVLS_ENABLE=0 TORCH_SYMM_MEM_DISABLE_MULTICAST=1 PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
S=${1:-480}; TOTAL=${2:-$S}; shift; [ $# -gt 0 ] && shift
mkdir -p "$OUT"; cd "$(dirname "$0")"
timeout -k 10 $(( ${S%.*} + ${GRACE:-110} )) "${PY:-python3}" train.py --assets "$ASSETS" --out "$OUT" --state "$OUT/state.pt" --seconds "$S" --total "$TOTAL" "$@" 2>&1 | tee "$OUT/train.log"
