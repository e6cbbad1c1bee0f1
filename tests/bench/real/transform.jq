map({key: .name, value: (.tags | map(tonumber) | add), id}) | group_by(.value) | map({(.[0].value | tostring): map(.key) | join(",")}) | add | length
