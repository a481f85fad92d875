#!/bin/sh
# litellm-rs (program `gateway`): routes and counts costs, without a database, keys or budgets.
# `cargo install litellm-rs --features storage,sqlite --bin gateway`
. "$(dirname "$0")/common.sh"
need gateway
# Portkey's npm package has a program of the same name: a script, which would start a server whatever it is asked.
[ "$(head -c 2 "$(command -v gateway)")" != '#!' ] || { echo "not installed: litellm-rs" >&2; exit 3; }
cat >"$WORK/gateway.yaml" <<YAML
schema_version: "1.0"
server: {host: "127.0.0.1", port: $PORT, dev_mode: true}
providers:
  - name: "bench"
    provider_type: "openai"
    api_key: "sk-bench-0123456789abcdef0123456789abcdef"
    base_url: "$UPSTREAM/v1"
    weight: 1.0
    rpm: 1000000000
    tpm: 1000000000
    max_concurrent_requests: 1024
    timeout: 30
    max_retries: 0
    models: ["gpt-4o-mini"]
    enabled: true
router: {strategy: "round_robin"}
storage:
  database: {url: "sqlite::memory:", enabled: false, auto_migrate: false, ssl: false, max_connections: 1, connection_timeout: 5}
  redis: {url: "redis://127.0.0.1:1", enabled: false, max_connections: 1, connection_timeout: 5, cluster: false}
auth:
  enable_jwt: false
  enable_api_key: false
  allow_anonymous: true
  jwt_secret: ""
  jwt_expiration: 86400
  api_key_header: "Authorization"
  rbac: {enabled: false, default_role: "user", admin_roles: ["admin"]}
cache: {enabled: false, ttl: 3600, max_size: 1000}
pricing: {source: "embedded://model_prices_extended", allow_degraded: false}
rate_limit: {enabled: false, strategy: token_bucket, default_rpm: 1000000000, default_tpm: 1000000000}
YAML
echo "version $(gateway --version | head -n 1)"
echo "url http://127.0.0.1:$PORT"
echo "model gpt-4o-mini"
echo ready
cd "$WORK"
RUST_LOG=error exec gateway --config "$WORK/gateway.yaml" --host 127.0.0.1 --port "$PORT" >&2
