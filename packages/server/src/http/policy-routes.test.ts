import { encodeUtf8, parsePolicy } from "@stele/proof";
import { expect, it } from "vitest";
import { unpackEvidence } from "../evidence/evidence-file.ts";
import { TestWitnesses } from "../publish/testing/witnesses.ts";
import { event, readJson, serveNode, submit, type ServedNode } from "./testing/served-node.ts";

async function policyOf(served: ServedNode): Promise<string | null> {
  const response = await fetch(`${served.url}/v1/logs/main/policy`);
  expect(response.status).toBe(200);
  return (await readJson<{ policy: string | null }>(response)).policy;
}

it("has none where nobody is asked to cosign", async () => {
  const served = await serveNode();
  try {
    expect(await policyOf(served)).toBeNull();
  } finally {
    await served.close();
  }
});

it("is what the log is published under, as evidence states it", async () => {
  const witnesses = await TestWitnesses.start(2, []);
  const given = witnesses.policyText(2);
  const policy = parsePolicy(encodeUtf8(given));
  const served = await serveNode({}, { publishing: { policy } });
  try {
    const text = await policyOf(served);
    const stated = parsePolicy(encodeUtf8(text!));
    expect(stated.witnesses.map(({ name }) => name)).toEqual(policy.witnesses.map(({ name }) => name));
    expect(stated.quorum).toEqual(policy.quorum);
    expect(text).toContain(served.node.log("main")!.vkey);
    expect(text).not.toContain("http");
    await submit(served.url, [event()]);
    const evidence = await fetch(`${served.url}/v1/logs/main/evidence`);
    const file = unpackEvidence("here", new Uint8Array(await evidence.arrayBuffer()));
    expect(JSON.parse(Buffer.from(file).toString())).toMatchObject({ policy: text });
  } finally {
    await served.close();
    await witnesses.close();
  }
});
