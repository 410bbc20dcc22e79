"""A system with everything, kept in state.json: the subject of the contract."""
import json, os, sys

def load():
    try:
        with open("state.json") as file: return json.load(file)
    except FileNotFoundError:
        return {"version": 0, "next": 1, "objects": {}, "deleted": []}

def save(state):
    with open("state.json.new", "w") as file: json.dump(state, file)
    os.replace("state.json.new", "state.json")

def say(**line): print(json.dumps(line), flush=True)

def find(state, cls, id, name):
    objects = state["objects"]
    if id and id in objects and objects[id]["class"] == cls: return objects[id]
    return next((o for o in objects.values() if o["class"] == cls and o["name"] == name), None)

def shown(o, asked):
    values = {k: v for k, v in o["values"].items() if k in asked}
    return {"id": o["id"], "name": o["name"], "enabled": o["enabled"], "values": values}

def apply(state, c):
    found = find(state, c["class"], c["id"], c["name"])
    state["version"] += 1
    do = c["do"]
    if do == "create":
        if found: return say(failed={"kind": "exists", "message": "there is one"})
        id = f"o{state['next']}"
        state["next"] += 1
        found = {"id": id, "class": c["class"], "name": c["name"], "enabled": c["enabled"], "values": c["values"]}
        state["objects"][id] = found
    elif do == "delete":
        if found:
            del state["objects"][found["id"]]
            state["deleted"].append([state["version"], found["id"]])
            found = None
    elif do == "rename":
        other = find(state, c["class"], "", c["to"])
        if other and found and other["id"] != found["id"]: return say(failed={"kind": "exists"})
        if other and not found: return say(done={"id": other["id"]})
        if not found: return say(failed={"kind": "not_found"})
        found["name"] = c["to"]
    elif not found: return say(failed={"kind": "not_found"})
    elif do == "update":
        for k, v in c["values"].items():
            found["values"][k] = v
            if v is None: del found["values"][k]
    elif do == "enable": found["enabled"] = c["enabled"]
    elif do == "members":
        held = set(found["values"].get(c["attribute"], [])) | set(c["add"])
        found["values"][c["attribute"]] = sorted(held - set(c["remove"]))
    if found: found["at"] = state["version"]
    save(state)
    say(done={"id": found["id"]} if found else {})

def read(state, ask):
    since = ask["since"]
    shown_objects = [
        shown(o, ask["attributes"]) for o in state["objects"].values()
        if o["class"] == ask["class"] and (since is None or o["at"] > int(since))
    ]
    for n in range(0, len(shown_objects), 7):
        if os.path.exists("cut") and n >= 14:
            sys.stderr.write("the connection to the system broke\n")
            sys.exit(3)
        say(seq=ask["seq"], objects=shown_objects[n:n + 7])
    deleted = [id for at, id in state["deleted"] if since is not None and at > int(since)]
    say(end={"complete": True, "incremental": since is not None, "cursor": str(state["version"]), "deleted": deleted})

for line in sys.stdin:
    ask, state = json.loads(line), load()
    if ask["op"] == "hello": say(seq=ask["seq"], protocol=1, script="full")
    elif ask["op"] == "test": say(message=f"{len(state['objects'])} objects")
    elif ask["op"] == "schema":
        mail = {"name": "mail", "type": "string", "required": True}
        say(classes=[{"name": "account", "attributes": [mail, {"name": "tags", "many": True}]}])
    elif ask["op"] == "get":
        found = find(state, ask["class"], ask["id"], ask["name"])
        say(object=shown(found, ask["attributes"]) if found else None)
    elif ask["op"] == "read": read(state, ask)
    elif ask["op"] == "apply":
        for change in ask["changes"]: apply(state, change)
