#!/bin/sh
# Rewrites every golden; with the pinned versions `git status` stays clean. Give the MiniLM folder to do that one too.
set -e
cd "$(dirname "$0")"
export HF_HUB_OFFLINE=1 PYTHONHASHSEED=0 PYTHONWARNINGS=ignore TRANSFORMERS_VERBOSITY=error
python="${PYTHON:-python3}"
for script in make_core make_codecs make_methods make_combiners make_bases make_peft make_pissa make_lora_xs make_training make_decoders make_vit \
  make_privacy make_dp_audit make_signing make_statistics; do
  echo "$script"
  "$python" "$script.py"
done
if [ -n "$1" ]; then
  echo make_minilm
  "$python" make_minilm.py "$1"
fi
