// Plans with Hive's planner. [{sdl, queries}] in; one line of JSON for each out, as soon as it is known:
// {plans: [{fetches} or {failed}]}, or {failed}. `queries` are null where the supergraph is only to be read.
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);

function optionalPlanner() {
  try {
    return require("@graphql-hive/router-query-planner").QueryPlanner;
  } catch {
    return undefined; // it is native code, which does not exist for every machine
  }
}

function fetches(node) {
  if (node === null || typeof node !== "object") return 0;
  const isStream = node.kind === "Subscription" && !node.primary?.kind;
  const own = isStream || ["Fetch", "BatchFetch"].includes(node.kind) ? 1 : 0;
  return own + Object.values(node).reduce((sum, inner) => sum + fetches(inner), 0);
}

function attempt(what) {
  try {
    return what();
  } catch (error) {
    return { failed: String(error?.message ?? error) };
  }
}

function answer(Peer, { sdl, queries }) {
  if (queries?.length === 0) return { plans: [] };
  if (Peer === undefined) return queries === null ? { plans: [] } : { failed: "not installed", plans: [] };
  const planner = attempt(() => new Peer(sdl));
  if (planner.failed) return { failed: planner.failed, plans: [] };
  const plan = (text) => attempt(() => ({ fetches: fetches(planner.plan(text, undefined, new Set(), 0)) }));
  return { plans: (queries ?? []).map(plan) };
}

const Peer = optionalPlanner();
for (const task of JSON.parse(readFileSync(0, "utf8"))) writeSync(1, `${JSON.stringify(answer(Peer, task))}\n`);
