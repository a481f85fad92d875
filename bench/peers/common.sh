# What the scripts share: they are given `start PORT UPSTREAM_URL`, and look for what is installed.

set -eu
[ "${1:-}" = start ] && [ $# -eq 3 ] || { echo "usage: $0 start PORT UPSTREAM_URL" >&2; exit 2; }
PORT=$2
UPSTREAM=$3
WORK=$PWD/peer-$PORT
mkdir -p "$WORK"

# The programs of a folder that is given go before those in the path.
if [ -n "${TOLLGATE_BENCH_PEERS:-}" ]; then
    PATH=$TOLLGATE_BENCH_PEERS/bin:$TOLLGATE_BENCH_PEERS/venv/bin:$PATH
fi

need() {
    command -v "$1" >/dev/null 2>&1 || { echo "not installed: $1" >&2; exit 3; }
}

# For those that listen on every interface of the machine.
need_isolation() {
    [ -n "${TOLLGATE_BENCH_ISOLATED:-}" ] || { echo "listens on every interface, and this network is shared" >&2; exit 3; }
}
