// Composes and plans with other implementations. One JSON document in, one out, in the same order:
// [{subgraphs: [{name, url, sdl}], queries: [text], supergraph: text to be read or null}] to
// [{sdl, planned, peers, unread}] or [{codes, messages}]. Run in the folder that the packages are in.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(`${process.cwd()}/`);
const { parse } = require("graphql");
const { composeServices } = require("@apollo/composition");
const { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, operationFromDocument } = require("@apollo/federation-internals");
const { QueryPlanner } = require("@apollo/query-planner");
const PEER = fileURLToPath(new URL("peer.mjs", import.meta.url));

function fetches(node) {
  if (node === null || typeof node !== "object") return 0;
  const isStream = node.kind === "Subscription" && !node.primary?.kind;
  const own = isStream || node.kind === "Fetch" ? 1 : 0;
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

function build(sdl) {
  return Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
}

function planned(sdl, queries) {
  if (queries.length === 0) return [];
  const supergraph = build(sdl);
  const planner = new QueryPlanner(supergraph);
  return queries.map((text) => attempt(() => {
    const operation = operationFromDocument(supergraph.apiSchema(), parse(text));
    return { fetches: fetches(planner.buildQueryPlan(operation).node) };
  }));
}

function answer({ subgraphs, queries, supergraph }) {
  const result = composed(subgraphs);
  if (result.errors?.length) {
    const codes = result.errors.map((error) => error.extensions?.code ?? "UNKNOWN");
    return { codes, messages: result.errors.map((error) => error.message) };
  }
  const failed = supergraph === null ? undefined : attempt(() => build(supergraph)).failed;
  return { sdl: result.supergraphSdl, planned: planned(result.supergraphSdl, queries), unread: failed ? [failed] : [] };
}

// Native code that may end its process: what it has not answered by then, a new one is asked for.
function askPeer(tasks) {
  const answers = [];
  while (answers.length < tasks.length) {
    const input = JSON.stringify(tasks.slice(answers.length));
    const done = spawnSync(process.execPath, [PEER], { input, encoding: "utf8", maxBuffer: 1 << 30 });
    const lines = done.stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    answers.push(...lines);
    if (answers.length < tasks.length) answers.push({ failed: `it crashed: ${done.stderr.slice(0, 300)}`, plans: [] });
  }
  return answers;
}

const questions = JSON.parse(readFileSync(0, "utf8"));
const answers = questions.map(answer);
const asked = questions.map((question, index) => ({ question, answer: answers[index] })).filter((pair) => pair.answer.sdl);
const read = asked.filter(({ question }) => question.supergraph !== null);
const plans = askPeer(asked.map((pair) => ({ sdl: pair.answer.sdl, queries: pair.question.queries })));
asked.forEach((pair, index) => {
  const { failed, plans: made } = plans[index];
  pair.answer.peers = pair.question.queries.map((_, number) => made[number] ?? { failed });
});
askPeer(read.map(({ question }) => ({ sdl: question.supergraph, queries: null }))).forEach(({ failed }, index) => {
  if (failed) read[index].answer.unread.push(failed);
});
process.stdout.write(JSON.stringify(answers));
