#!/bin/sh
# LiteLLM's proxy: one worker, its master key, without a database or budgets. `pip install 'litellm[proxy]'`
. "$(dirname "$0")/common.sh"
need litellm
cat >"$WORK/config.yaml" <<YAML
model_list:
  - model_name: gpt-5.4-mini
    litellm_params:
      model: openai/gpt-5.4-mini
      api_base: $UPSTREAM/v1
      api_key: sk-bench
litellm_settings:
  telemetry: false
YAML
KEY=sk-bench-5f0c1d7e9a3b4826a1d0c7e5b9f34862
PYTHON=$(dirname "$(command -v litellm)")/python
echo "version $("$PYTHON" -c 'from importlib.metadata import version; print(version("litellm"))')"
echo "url http://127.0.0.1:$PORT"
echo "header Authorization: Bearer $KEY"
echo ready
cd "$WORK"
LITELLM_MASTER_KEY=$KEY LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_LOG=ERROR exec litellm --config "$WORK/config.yaml" --host 127.0.0.1 \
    --port "$PORT" --num_workers 1 >&2
