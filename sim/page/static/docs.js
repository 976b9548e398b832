// Renders /openapi.json: one block per operation, with what it takes and a button that does it.
"use strict";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const schemaOf = (api, reference) => api.components.schemas[reference.split("/").pop()];

function typeOf(property) {
  const kinds = (property.anyOf || [property]).map((kind) => kind.type || "object");
  return kinds.filter((kind) => kind !== "null").join(" or ");
}

function exampleOf(schema) {
  const example = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    if ((schema.required || []).includes(name)) example[name] = typeOf(property) === "integer" ? 7200 : "text";
    else if (property.examples && !Object.keys(example).length) example[name] = property.examples[0];
  }
  return example;
}

function fieldsOf(schema) {
  const rows = Object.entries(schema.properties).map(([name, property]) =>
    make("tr", {}, make("td", {}, make("code", { textContent: name })), make("td", { textContent: typeOf(property) }),
      make("td", { textContent: property.description || "" })));
  return make("table", {}, ...rows);
}

async function run(method, path, body, result) {
  const options = { method: method.toUpperCase() };
  if (body) Object.assign(options, { body: body.value, headers: { "Content-Type": "application/json" } });
  const answer = await fetch(path, options);
  if ((answer.headers.get("content-type") || "").startsWith("image/")) {
    result.replaceChildren(make("img", { src: URL.createObjectURL(await answer.blob()) }));
    return;
  }
  const text = JSON.stringify(await answer.json(), null, 2);
  result.replaceChildren(make("pre", { className: answer.ok ? "" : "bad", textContent: `${answer.status}\n${text}` }));
}

function blockOf(api, path, method, operation) {
  const about = make("span", { className: "about", textContent: operation.summary });
  const summary = make("summary", {}, make("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
    make("span", { className: "path", textContent: path }), about);
  const content = make("div", { className: "body" });
  const taken = operation.requestBody && operation.requestBody.content["application/json"].schema;
  let body = null;
  if (taken && taken.$ref) {
    const schema = schemaOf(api, taken.$ref);
    body = make("textarea", { rows: 2, value: JSON.stringify(exampleOf(schema)) });
    content.append(fieldsOf(schema), body);
  }
  const data = body ? ` -H 'Content-Type: application/json' -d '${body.value}'` : "";
  content.append(make("pre", { textContent: `curl ${method === "post" ? "-X POST " : ""}${location.origin}${path}${data}` }));
  const result = make("div");
  if (!path.includes("{")) {
    content.append(make("button", { textContent: "Do it", onclick: () => run(method, path, body, result) }), result);
  }
  return make("details", {}, summary, content);
}

async function show() {
  const api = await (await fetch("/openapi.json")).json();
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(blockOf(api, path, method, operation));
    }
  }
  for (const [tag, blocks] of groups) {
    document.getElementById("operations").append(make("h2", { textContent: tag }), ...blocks);
  }
}

show();
