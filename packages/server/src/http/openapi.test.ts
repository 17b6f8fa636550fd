import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readJson, serveNode, type ServedNode } from "./testing/served-node.ts";

let served: ServedNode;
let document: Document;

beforeAll(async () => {
  served = await serveNode();
  document = await readJson(await fetch(`${served.url}/docs/json`));
});
afterAll(() => served.close());

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

it("is a valid OpenAPI document", async () => {
  const { valid, errors } = await new Validator().validate({ ...document });
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});

it("has every call, and everything of each", () => {
  const calls = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ call: `${method} ${path}`, path, operation })),
  );
  expect(calls.map(({ call }) => call).toSorted()).toEqual([
    "get /healthz",
    "get /logs/{log}/checkpoint",
    "get /logs/{log}/tile/{*}",
    "get /metrics",
    "get /readyz",
    "get /v1/alarms",
    "get /v1/alarms/{id}",
    "get /v1/logs",
    "get /v1/logs/{log}",
    "get /v1/logs/{log}/checkpoint",
    "get /v1/logs/{log}/events",
    "get /v1/logs/{log}/events/{key}",
    "get /v1/logs/{log}/evidence",
    "get /v1/logs/{log}/histogram",
    "get /v1/logs/{log}/keys",
    "get /v1/logs/{log}/policy",
    "get /v1/logs/{log}/proof/consistency",
    "get /v1/logs/{log}/proof/inclusion",
    "get /v1/logs/{log}/sources",
    "get /v1/logs/{log}/tail",
    "get /v1/logs/{log}/top",
    "get /v1/logs/{log}/verification",
    "get /v1/metrics/history",
    "get /v1/nodes",
    "get /v1/session",
    "get /v1/status",
    "get /verify.html",
    "post /v1/alarms/test",
    "post /v1/alarms/{id}/acknowledge",
    "post /v1/logs/{log}/events",
    "post /v1/logs/{log}/key/retire",
    "post /v1/logs/{log}/key/rotate",
    "post /v1/logs/{log}/verification",
    "put /v1/logs/{log}",
  ]);
  const names = calls.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(calls.length);
  for (const { path, operation } of calls) {
    expect(operation).toMatchObject({ operationId: expect.any(String), summary: expect.any(String) });
    expect(operation.tags).toHaveLength(1);
    const inPath = (operation.parameters ?? [])
      .filter((one) => one.in === "path")
      .map(({ name }) => `{${name}}`);
    expect(inPath).toEqual(path.match(/\{[^}]+\}/g) ?? []);
    const statuses = Object.keys(operation.responses);
    expect(statuses).toEqual(expect.arrayContaining(["4XX", "5XX"]));
    expect(statuses.some((status) => status.startsWith("2"))).toBe(true);
    for (const { description, content } of Object.values(operation.responses)) {
      expect(description).not.toBe("");
      expect(content).toBeDefined();
    }
  }
  const { requestBody } = document.paths["/v1/logs/{log}/events"]!.post!;
  expect(Object.keys(requestBody!.content)).toEqual(["application/json", "application/x-ndjson"]);
});

it("can be read without a network", async () => {
  const html = await (await fetch(`${served.url}/docs/`)).text();
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) {
    const url = new URL(link, `${served.url}/docs/`);
    expect(url.origin).toBe(served.url);
    expect((await fetch(url)).status).toBe(200);
  }
  expect(html).not.toMatch(/<style|<script>|\son\w+=/);
});
