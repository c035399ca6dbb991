#!/usr/bin/env bash
# The benchmarks on a bare machine with GPUs: no node, no packages, no network, no compiler.
#
# Here, from the project's root:
#   bash test/bench/gpu/on-device.sh build           dist/ with the writer of random weights in it, to be carried there
# There, from the root of a copy of the project (dist/ is git-ignored and must be brought along):
#   bash test/bench/gpu/on-device.sh collect         moves pieces in .gpu/ (base*: node and packages, cuda*: provider) to /tmp/s
#   bash test/bench/gpu/on-device.sh unpack          puts them together
#   bash test/bench/gpu/on-device.sh STEP…           any of:
#     goldens     the samples of the embedded model, token for token                     < 1 min
#     speed       milliseconds of single runs                                            1 min
#     throughput  requests a second of the engine alone, three threads                   1 min
#     http        one device through HTTP: alone and under load                          1.5 min
#     two         one device beside two: requests a second, one page of 24 crops         4 min
#     survive     two devices with the embedded model: SIGKILL, a CUDA fault             1 min
#     survive-09  the same with the random weights                                       1.5 min
#     start       start to ready, cold and warm; memory                                  1 min
#
# Variables: DEVICES (cuda:0,cuda:1), MODEL (/tmp/m09, written when it is not there), MODEL_SIZE (0.9b, or small for a
# CPU), CACHE (/tmp/quire-graphs), FAULT (cuda-fault), DOOR (c-api, or addon), OPTIONS (more arguments of the step). Tables
# go to standard output; figures as JSON to $OUT, where that is set.
set -euo pipefail
cd "$(dirname "$0")/../../.."
DEVICES=${DEVICES:-cuda:0,cuda:1} MODEL=${MODEL:-/tmp/m09} MODEL_SIZE=${MODEL_SIZE:-0.9b} CACHE=${CACHE:-/tmp/quire-graphs}
FAULT=${FAULT:-cuda-fault} DOOR=${DOOR:-c-api} OPTIONS=${OPTIONS:-}
first=${DEVICES%%,*}
run=/tmp/s/run
gpu=test/bench/gpu

build() {
  npm run build
  # The writer is TypeScript and node 20 reads none; two folders deep it finds the embedded bundle.
  npx tsc --ignoreConfig --module nodenext --target es2023 --types node --skipLibCheck --outDir dist/bench \
    test/support/write-random-snapshot.ts
  du -sh dist
}

# As shared/gpu/unpack.sh of the workplace does, which does not travel.
unpack() {
  local libraries=$run/node_modules/onnxruntime-node/bin/napi-v6/linux/x64
  mkdir -p $run
  cat /tmp/s/base* | xz -dc -T0 | tar x -C $run
  cat /tmp/s/cuda* | xz -dc -T0 > $libraries/libonnxruntime_providers_cuda.so
  mv $run/libonnxruntime_providers_shared.so $libraries/
  if ldd $libraries/libonnxruntime_providers_cuda.so | grep 'not found'; then
    echo 'a CUDA library is missing' >&2
    return 1
  fi
}

# What a step needs: node, packages, weights.
prepare() {
  if [ -x $run/node ]; then export PATH=$run:$PATH; fi
  if [ ! -e node_modules ]; then ln -s $run/node_modules node_modules; fi
  node $gpu/random-model.mjs "$MODEL" "$MODEL_SIZE"
}

step() {
  local limit=$1
  shift
  echo "--- $* $OPTIONS"
  # shellcheck disable=SC2086
  timeout -k 10 "$limit" node "$@" $OPTIONS
}

with_cache=(--door "$DOOR" --cache "$CACHE")
with_model=(--model "$MODEL" "${with_cache[@]}")
failed=0
for name in "$@"; do
  started=$SECONDS
  case $name in
    build) build; continue ;;
    collect) mkdir -p /tmp/s; mv .gpu/base* .gpu/cuda* /tmp/s/ 2>/dev/null || true; ls -l /tmp/s; continue ;;
    unpack) unpack; continue ;;
  esac
  prepare
  case $name in
    goldens) step 120 test/bench/cuda-goldens.mjs "$DOOR" "${first#cuda:}" "$CACHE" ;;
    speed) step 180 test/bench/cuda-speed.mjs "$MODEL" "$DOOR" ;;
    throughput)
      step 120 test/bench/cuda-throughput.mjs "$MODEL" 728x1316 128 32 3 "$DOOR" "${first#cuda:}" "$CACHE" &&
        step 120 test/bench/cuda-throughput.mjs "$MODEL" 364x644 512 64 3 "$DOOR" "${first#cuda:}" "$CACHE"
      ;;
    http) step 240 $gpu/two-devices.mjs "${with_model[@]}" --devices "$first" --parts alone,rate ;;
    two) step 300 $gpu/two-devices.mjs "${with_model[@]}" --devices "$DEVICES" --parts rate,page ;;
    survive) step 180 $gpu/survive.mjs "${with_cache[@]}" --devices "$DEVICES" --fault "$FAULT" ;;
    survive-09)
      step 240 $gpu/survive.mjs "${with_model[@]}" --devices "$DEVICES" --fault "$FAULT" --shape 644x364:128 --inFlight 128
      ;;
    start) step 240 $gpu/start.mjs --model "$MODEL" --door "$DOOR" --devices "$first" ;;
    *) echo "no step $name" >&2; exit 2 ;;
  esac || { failed=1; echo "$name FAILED" >&2; }
  echo "--- $name took $((SECONDS - started)) s"
  if [ -n "${OUT:-}" ]; then cp test/bench/out/http-gpu-*.json "$OUT"/ 2>/dev/null || true; fi
done
exit $failed
