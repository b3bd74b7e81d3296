#!/usr/bin/env bash
# Runs one folder's node tests against the sandbox server.
#   run_node_test.sh <folder with package-lock.json> <sandbox_server program>
# Ends with 77 (skipped) when the packages cannot be installed.
set -eu
folder=$1
TIDEWAY_SANDBOX_SERVER=$2
export TIDEWAY_SANDBOX_SERVER
cd "$folder"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "skipped: node and npm are not installed"
    exit 77
fi
# npm writes this file when an installation is complete.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    if ! npm ci --no-audit --no-fund; then
        echo "skipped: npm ci failed, so the client under test is not here"
        exit 77
    fi
    touch node_modules/.package-lock.json
fi
exec node --test ./*.test.js
