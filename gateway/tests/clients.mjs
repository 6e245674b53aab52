// What client libraries make of a gateway: clients.mjs sse|ws|audit URL [OPTIONS as JSON]; one line of JSON per result.

import { serverAudits } from "graphql-http";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import WebSocket from "ws";

const [kind, url, text = "{}"] = process.argv.slice(2);
const { query, variables, authorization, headers = {}, take = Infinity } = JSON.parse(text);
const print = (line) => console.log(JSON.stringify(line));

async function follow(client) {
  let taken = 0;
  try {
    for await (const result of client.iterate({ query, variables })) {
      print(result);
      if (++taken === take) break;
    }
    print({ ended: true });
  } catch (problem) {
    print(Array.isArray(problem) ? { errors: problem } : { failed: problem.code ?? String(problem) });
  }
  await client.dispose();
}

if (kind === "sse") {
  await follow(createSseClient({ url, headers: authorization ? { authorization } : {}, retryAttempts: 0 }));
} else if (kind === "ws") {
  const options = { url, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0 };
  await follow(createSocketClient(options));
} else {
  const fetchFn = (address, init = {}) => fetch(address, { ...init, headers: { ...init.headers, ...headers } });
  for (const audit of serverAudits({ url, fetchFn })) {
    const { status, reason } = await audit.fn();
    print({ id: audit.id, name: audit.name, status, reason });
  }
}
