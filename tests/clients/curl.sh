#!/usr/bin/env bash
# curl, over HTTP/2 from the first byte and over HTTP/1.1.
set -euo pipefail
chat='{"model":"chat-default","messages":[{"role":"user","content":"ping"}]}'
ask() { curl --silent --show-error --max-time 20 --header 'content-type: application/json' "$@"; }

for version in --http2-prior-knowledge --http1.1; do
    answer="$(ask $version -H "authorization: Bearer $AIGW_KEY" -d "$chat" -w '\n%{http_code} %{http_version}' "$AIGW_URL/v1/chat/completions")"
    case "$version:$answer" in
        --http2*:*'"chat.completion"'*'200 2' | --http1.1:*'"chat.completion"'*'200 1.1') ;;
        *) echo "chat over $version: $answer"; exit 1 ;;
    esac
done

refused="$(ask --http2-prior-knowledge -d "$chat" -w '\n%{http_code}' "$AIGW_URL/v1/chat/completions")"
case "$refused" in *'"missing_api_key"'*401) ;; *) echo "without a key: $refused"; exit 1 ;; esac

stream="$(ask --http2-prior-knowledge --no-buffer -H "api-key: $AIGW_KEY" -d '{"model":"chat-default","stream":true,"messages":[{"role":"user","content":"ping"}]}' "$AIGW_URL/v1/chat/completions")"
case "$stream" in *'data: {'*'data: [DONE]'*) ;; *) echo "stream: $stream"; exit 1 ;; esac

deployment="$(ask --http2-prior-knowledge -H "api-key: $AIGW_KEY" -d '{"messages":[{"role":"user","content":"ping"}]}' "$AIGW_URL/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21")"
case "$deployment" in *'"chat.completion"'*) ;; *) echo "deployment path: $deployment"; exit 1 ;; esac

head="$(ask --http2-prior-knowledge --head -H "authorization: Bearer $AIGW_KEY" -X GET "$AIGW_URL/v1/models")"
case "$head" in *x-request-id:*) ;; *) echo "no x-request-id: $head"; exit 1 ;; esac
echo "curl: 6 passed, 0 failed"
