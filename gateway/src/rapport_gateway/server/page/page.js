// Starts GraphiQL on the gateway's own endpoint. Everything is loaded from the gateway itself.

const WORKERS = { json: "json.worker.bundle.js", graphql: "graphql.worker..bundle.js" };
const TOKEN = "rapport-gateway-token";

globalThis.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_, label) => new URL(WORKERS[label] ?? "editor.worker.bundle.js", import.meta.url).href,
};

const settings = await (await fetch(new URL("settings.json", import.meta.url))).json();
const endpoint = new URL("../graphql", import.meta.url).href;
const plainFetch = globalThis.fetch.bind(globalThis);

// The headers editor wins over the sign-in form.
globalThis.fetch = (address, init = {}) => {
  const headers = new Headers(init.headers);
  const token = sessionStorage.getItem(TOKEN);
  if (token && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
  return plainFetch(address, { ...init, headers });
};

if (settings.signIn) showSignIn(document.getElementById("sign-in"), settings.signIn);

globalThis.YogaGraphiQL.renderYogaGraphiQL(document.getElementById("graphiql"), {
  endpoint,
  title: "GraphQL",
  logo: " ",
  initialQuery: new URLSearchParams(location.search).get("query") ?? undefined,
  defaultTabs: settings.examples.map((query) => ({ query })),
  shouldPersistHeaders: false,
  onEditQuery() {},
});

function showSignIn(form, operation) {
  const told = document.createElement("output");
  const inputs = operation.variables.map((name) => {
    const input = document.createElement("input");
    Object.assign(input, { name, placeholder: name, required: true, autocomplete: "on" });
    if (/password|secret/i.test(name)) input.type = "password";
    return input;
  });
  const button = document.createElement("button");
  button.textContent = "Sign in";
  form.append(...inputs, button, told);
  form.hidden = false;
  told.value = sessionStorage.getItem(TOKEN) ? "signed in" : "";
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const variables = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
    told.value = await signIn(operation.query, variables);
  });
}

async function signIn(query, variables) {
  sessionStorage.removeItem(TOKEN);
  const response = await plainFetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  const token = [...values(answer.data, "token")][0];
  if (!token) return [...values(answer, "message")][0] ?? "no token came";
  sessionStorage.setItem(TOKEN, token);
  return "signed in";
}

function* values(node, key) {
  if (node === null || typeof node !== "object") return;
  if (typeof node[key] === "string") yield node[key];
  for (const inner of Object.values(node)) yield* values(inner, key);
}
