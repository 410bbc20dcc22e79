#!/usr/bin/env python3
"""Keeps badges in data/badges.json: a whole target in twenty lines."""
import json, sys
FILE = "data/badges.json"
badges = json.load(open(FILE))
def say(**line): print(json.dumps(line), flush=True)
def apply(do, name, values={}, enabled=None, **_):
    if do == "create" and name in badges: return say(failed={"kind": "exists"})
    if do in ("update", "enable") and name not in badges: return say(failed={"kind": "not_found"})
    badge = badges.setdefault(name, {"values": {}, "enabled": True})
    badge["values"].update(values)
    if enabled is not None: badge["enabled"] = enabled
    if do == "delete": del badges[name]
    with open(FILE, "w") as file: json.dump(badges, file, indent=1)
    say(done={})
for line in sys.stdin:
    ask = json.loads(line)
    if ask["op"] == "hello": say(protocol=1)
    elif ask["op"] == "apply": [apply(**change) for change in ask["changes"]]
    elif ask["op"] == "read":
        for name, badge in badges.items(): say(object={"name": name, **badge})
        say(end={"complete": True})
    else: say(error={"kind": "unsupported"})
