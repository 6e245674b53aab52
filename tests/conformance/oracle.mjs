// Composes and plans with other implementations. One JSON document in, one out, in the same order:
// [{subgraphs: [{name, url, sdl}], queries: [text], supergraph: text to be read or null}] to
// [{sdl, planned, peers, unread}] or [{codes, messages}]. Run in the folder that the packages are in.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.cwd()}/`);
const { parse } = require("graphql");
const { composeServices } = require("@apollo/composition");
const { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, operationFromDocument } = require("@apollo/federation-internals");
const { QueryPlanner } = require("@apollo/query-planner");

function optionalPlanner() {
  try {
    return require("@graphql-hive/router-query-planner").QueryPlanner;
  } catch {
    return undefined; // it is native code, which does not exist for every machine
  }
}

const Peer = optionalPlanner();

function fetches(node) {
  if (node === null || typeof node !== "object") return 0;
  const isStream = node.kind === "Subscription" && !node.primary?.kind;
  const own = isStream || ["Fetch", "BatchFetch"].includes(node.kind) ? 1 : 0;
  return own + Object.values(node).reduce((sum, inner) => sum + fetches(inner), 0);
}

function parsed(subgraph) {
  try {
    return { name: subgraph.name, url: subgraph.url, typeDefs: parse(subgraph.sdl) };
  } catch (error) {
    throw Object.assign(error, { extensions: { code: "INVALID_GRAPHQL" } });
  }
}

function composed(subgraphs) {
  try {
    return composeServices(subgraphs.map(parsed));
  } catch (error) {
    return { errors: [error] };
  }
}

function attempt(what) {
  try {
    return what();
  } catch (error) {
    return { failed: String(error?.message ?? error) };
  }
}

function plans(sdl, queries) {
  const supergraph = Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
  const planner = new QueryPlanner(supergraph);
  const peer = Peer && attempt(() => new Peer(sdl));
  return {
    planned: queries.map((text) => attempt(() => {
      const operation = operationFromDocument(supergraph.apiSchema(), parse(text));
      return { fetches: fetches(planner.buildQueryPlan(operation).node) };
    })),
    peers: queries.map((text) => {
      if (!peer?.plan) return { failed: peer?.failed ?? "not installed" };
      return attempt(() => ({ fetches: fetches(peer.plan(text, undefined, new Set(), 0)) }));
    }),
  };
}

function unread(sdl) {
  if (sdl === null) return [];
  const readers = [() => Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES })];
  if (Peer) readers.push(() => new Peer(sdl));
  return readers.map((read) => attempt(read).failed).filter(Boolean);
}

function answer({ subgraphs, queries, supergraph }) {
  const result = composed(subgraphs);
  if (result.errors?.length) {
    const codes = result.errors.map((error) => error.extensions?.code ?? "UNKNOWN");
    return { codes, messages: result.errors.map((error) => error.message) };
  }
  return { sdl: result.supergraphSdl, ...plans(result.supergraphSdl, queries), unread: unread(supergraph) };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(answer)));
