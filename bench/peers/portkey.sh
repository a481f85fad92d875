#!/bin/sh
# Portkey's gateway: passes the call on, without keys of its own or budgets. `npm install @portkey-ai/gateway`
. "$(dirname "$0")/common.sh"
need node
need_isolation
SERVER=${TOLLGATE_BENCH_PEERS:-.}/node_modules/@portkey-ai/gateway/build/start-server.js
[ -f "$SERVER" ] || { echo "not installed: @portkey-ai/gateway" >&2; exit 3; }
echo "version $(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$(dirname "$SERVER")/../package.json" | head -n 1), node $(node --version)"
echo "url http://127.0.0.1:$PORT"
echo "header x-portkey-provider: openai"
echo "header x-portkey-custom-host: $UPSTREAM/v1"
echo "header Authorization: Bearer sk-bench"
echo ready
cd "$WORK"
NODE_ENV=production exec node "$SERVER" "--port=$PORT" --headless >&2
