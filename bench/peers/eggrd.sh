#!/bin/sh
# eggrd (program `edgeguard`): checks an API key and reserves from a token budget before the call. `cargo install eggrd`
. "$(dirname "$0")/common.sh"
need edgeguard
need_isolation
cat >"$WORK/edgeguard.toml" <<TOML
[server]
port = $PORT
upstream = "$UPSTREAM"
[auth]
mode = "none"
[ratelimit]
enabled = false
[llm]
enabled = true
default_max_tokens = 64
[llm.models."gpt-5.4-mini"]
input_per_1m = 0.4
output_per_1m = 1.6
[[llm.keys]]
virtual_key = "sk-bench-virtual"
provider_key = "sk-bench"
label = "bench"
[[llm.budgets]]
name = "month"
scope = "key"
unit = "usd"
limit = 1000000.0
window = "30d"
TOML
echo "version $(edgeguard --version | head -n 1)"
echo "url http://127.0.0.1:$PORT"
echo "header Authorization: Bearer sk-bench-virtual"
echo ready
cd "$WORK"
# It writes a line for each call otherwise.
RUST_LOG=warn PORT=$PORT exec edgeguard --config "$WORK/edgeguard.toml" >&2
