import { formatVerifierKey, MalformedError } from "@stele/proof";
import { expect, it } from "vitest";
import { testSigner, testWitness } from "../../../proof/src/testing/test-log.ts";
import { originHash, parseLogList, WitnessedLogs } from "./witnessed-logs.ts";

const a = formatVerifierKey(testSigner("log.example/a", 1).key);
const a2 = formatVerifierKey(testSigner("log.example/a", 2).key);
const b = formatVerifierKey(testWitness("log.example/b", 3).key);

it("groups keys by origin, of both kinds, each once", () => {
  const logs = new WitnessedLogs([a, b, a2, a]);
  expect(logs.count).toBe(2);
  expect(logs.get("log.example/a")?.verifiers).toHaveLength(2);
  expect(logs.byHash(originHash("log.example/b"))?.origin).toBe("log.example/b");
  expect(logs.get("log.example/c")).toBeUndefined();
});

it("reads vkeys, and the log lines of a policy", () => {
  const text = `# logs
log ${a} https://log.example/a
\tlog\t${a2}

witness w1 ${b}
group g all w1
quorum g
${b}
`;
  expect(parseLogList(text, "list")).toEqual([a, a2, b]);
  expect(parseLogList("", "list")).toEqual([]);
});

it("names the line that is wrong", () => {
  for (const line of ["log", "logs", `log ${a} x y`, `${a} x`, `log ${a}x`, `vkey ${a}`]) {
    expect(() => parseLogList(`\n${line}\n`, "my list")).toThrow(MalformedError);
    expect(() => parseLogList(`\n${line}\n`, "my list")).toThrow(/my list, line 2/);
  }
});
