// Users in memory, served by scimmy behind Express; prints its port.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const users = new Map();
const byName = new Map();

SCIMMY.Resources.declare(SCIMMY.Resources.User)
  .ingress((resource, data) => {
    const id = resource.id ?? randomUUID();
    const held = byName.get(data.userName);
    if (held !== undefined && held !== id) throw new SCIMMY.Types.Error(409, "uniqueness", "taken");
    const user = { ...JSON.parse(JSON.stringify(data)), id };
    users.set(id, user);
    byName.set(data.userName, id);
    return user;
  })
  .egress((resource) => {
    if (resource.id) {
      const user = users.get(resource.id);
      if (!user) throw new SCIMMY.Types.Error(404, null, "no such user");
      return user;
    }
    const all = [...users.values()];
    return resource.filter ? resource.filter.match(all) : all;
  })
  .degress((resource) => {
    byName.delete(users.get(resource.id)?.userName);
    users.delete(resource.id);
  });

const app = express();
app.use("/scim/v2", new SCIMMYRouters({ type: "bearer", handler: () => "bench" }));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
