"""A target that keeps accounts in data/accounts.json, and writes down every change that it is asked for."""
import fcntl, json, os, sys

FILE, LOG = "data/accounts.json", "data/calls.log"


def say(**line):
    print(json.dumps(line), flush=True)


def changed(do, name, values={}, enabled=None, **_):
    with open("data/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(LOG, "a") as log:
            log.write(f"{do} {name}\n")
        accounts = json.load(open(FILE)) if os.path.exists(FILE) else {}
        if do == "create" and name in accounts:
            return say(failed={"kind": "exists"})
        if do == "delete":
            accounts.pop(name, None)
        else:
            accounts.setdefault(name, {"values": {}})["values"].update(values)
        with open(FILE + ".new", "w") as file:
            json.dump(accounts, file)
        os.replace(FILE + ".new", FILE)
    say(done={})


def known():
    return json.load(open(FILE)) if os.path.exists(FILE) else {}


for line in sys.stdin:
    ask = json.loads(line)
    if ask["op"] == "hello":
        say(protocol=1)
    elif ask["op"] == "test":
        say(message="ready")
    elif ask["op"] == "apply":
        for change in ask["changes"]:
            changed(**change)
    elif ask["op"] == "get":
        found = known().get(ask["name"])
        say(object=found and {"name": ask["name"], **found})
    elif ask["op"] == "read":
        for name, account in known().items():
            say(object={"name": name, **account})
        say(end={"complete": True})
    else:
        say(error={"kind": "unsupported"})
