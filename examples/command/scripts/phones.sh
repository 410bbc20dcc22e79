#!/bin/sh
# Reads data/phones.txt, one `login:phone` a line: a whole source in a plain shell.
text() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
while IFS= read -r ask; do
  case $ask in
  '{"op":"hello"'*) echo '{"protocol":1,"can":["read"]}' ;;
  '{"op":"read"'*)
    number=0
    while IFS=: read -r login phone; do
      number=$((number + 1))
      printf '{"object":{"line":%d,"name":"%s","values":{"login":"%s","phone":"%s"}}}\n' \
        "$number" "$(text "$login")" "$(text "$login")" "$(text "$phone")"
    done <data/phones.txt
    echo '{"end":{"complete":true}}'
    ;;
  *) echo '{"error":{"kind":"unsupported","message":"this script only reads"}}' ;;
  esac
done
