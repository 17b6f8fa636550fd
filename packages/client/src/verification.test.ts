import { expect, test } from "vitest";
import { client, faultyNode, json } from "./testing/faulty-node.ts";

const verification = {
  running: true,
  progress: 0.25,
  position: 4096,
  entries_per_second: 1000.5,
  findings: 2,
  late: false,
};
const finding = {
  code: "segment_mismatch",
  message: "…",
  place: "/srv/a",
  copy: "/srv",
  found_at: "2026-01-01",
};

test("what the verifier found is checked and told", async () => {
  const node = await faultyNode(
    (_, response) =>
      json(response, 200, {
        verification,
        findings: [{ ...finding, first_index: 256, last_index: 511 }, finding],
      }),
    (_, response) => json(response, 200, { verification, findings: [{ ...finding, first_index: "x" }] }),
  );
  const { stele } = client([node]);
  const told = await stele.verification();
  expect(told.verification).toMatchObject({ running: true, progress: 0.25, findings: 2 });
  expect(told.findings).toMatchObject([
    { code: "segment_mismatch", firstIndex: 256, lastIndex: 511, foundAt: "2026-01-01" },
    { firstIndex: undefined, lastIndex: undefined },
  ]);
  await expect(stele.verification()).rejects.toMatchObject({ code: "response_malformed" });
});

test("a verification is started, ran already, or is switched off", async () => {
  const node = await faultyNode(
    (_, response) => json(response, 202, { started: true }),
    (_, response) => json(response, 202, { started: false }),
    (_, response) => json(response, 409, { error: { code: "verification_off", message: "…" } }),
  );
  const { stele } = client([node]);
  expect([await stele.startVerification(), await stele.startVerification()]).toEqual([true, false]);
  await expect(stele.startVerification()).rejects.toMatchObject({
    name: "ConflictError",
    code: "verification_off",
  });
  expect(node.requests[0]).toMatchObject({ method: "POST", url: "/v1/logs/main/verification" });
});
