import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { S3Gateways } from "./s3-gateways.ts";
import { S3Objects } from "./s3-objects.ts";

let server: Server;
let gateways: S3Gateways;
let said = "default backend";

/** What a balancer says that has lost its gateways. */
beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  server = createServer((_request, response) => response.writeHead(404).end(said));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  gateways = S3Gateways.open({ endpoints: [new URL(`http://127.0.0.1:${port}`)], timeoutMs: 500 });
});

afterEach(() => {
  gateways.close();
  server.close();
  vi.unstubAllEnvs();
});

it.each(["default backend", "<html><body>404</body></html>", ""])(
  "does not believe a 404 that is not of S3: %j",
  async (text) => {
    said = text;
    const objects = new S3Objects({ gateways, bucket: "bucket", prefix: "" });
    await expect(objects.get("journal/1")).rejects.toMatchObject({ code: "store_unavailable" });
  },
);

it("believes a 404 of S3", async () => {
  said = "<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>";
  const objects = new S3Objects({ gateways, bucket: "bucket", prefix: "" });
  expect(await objects.get("journal/1")).toBeUndefined();
});

it("takes an answer that does not belong to the question for a store that is out", async () => {
  said = "default backend";
  const objects = new S3Objects({ gateways, bucket: "bucket", prefix: "" });
  const out = { code: "store_unavailable" };
  await expect(objects.delete(["claims/1"])).rejects.toMatchObject(out);
  await expect(objects.list("segments/").next()).rejects.toMatchObject(out);
  await expect(objects.create("claims/1", [])).rejects.toMatchObject(out);
});
