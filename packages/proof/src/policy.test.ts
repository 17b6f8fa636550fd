import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyCheckpoint } from "./checkpoint.ts";
import { MalformedError, SteleError, VerificationError } from "./errors.ts";
import { signNote } from "./note.ts";
import { formatPolicy, parsePolicy, type Policy } from "./policy.ts";
import { checkpointPolicy, policyLogs, quorumReached } from "./quorum.ts";
import { expectError } from "./testing/expect-error.ts";
import { ORIGIN, testSigner, testWitness } from "./testing/test-log.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";
import { formatVerifierKey } from "./verifier-key.ts";

const vkeys = Array.from({ length: 70 }, (_, i) =>
  formatVerifierKey(testWitness(`witness.example/${i}`, i + 1).key),
);
const logVkey = (name: string, seed: number) => formatVerifierKey(testSigner(name, seed).key);
const parse = (text: string) => parsePolicy(encodeUtf8(text));
const witnessLines = (names: string) =>
  names
    .split("")
    .map((name, i) => `witness ${name} ${vkeys[i]}\n`)
    .join("");

/** The message of the refusal. */
function refusal(text: string): string {
  return expectError(MalformedError, "policy_malformed", () => parse(text)).message;
}

describe("reading and writing", () => {
  const example = `# the example of c2sp.org/tlog-policy
log ${logVkey(ORIGIN, 101)}
\tlog\t${logVkey("log.example/2", 102)}  https://log.example/2\t

witness X1 ${vkeys[0]} https://x1.example
witness X2 ${vkeys[1]}
witness X3 ${vkeys[2]}
   # a comment
group X-witnesses 2 X1 X2 X3
witness Y1 ${vkeys[3]}
witness Y2 ${vkeys[4]}
group Y-witnesses any Y1 Y2
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

  test("a URL as long as a policy may be", () => {
    const url = `https://${"a".repeat(200_000)}.example`;
    const long = `log ${formatVerifierKey(testSigner(ORIGIN, 1).key)} ${url}\nquorum none\n`;
    expect(decodeUtf8(formatPolicy(parsePolicy(encodeUtf8(long))))).toBe(long);
  });

  test("two levels of groups", () => {
    const policy = parse(example);
    expect(policy).toMatchObject({
      logs: [{ key: { name: ORIGIN } }, { url: "https://log.example/2" }],
      groups: [
        { name: "X-witnesses", threshold: 2, members: ["X1", "X2", "X3"] },
        { name: "Y-witnesses", threshold: 1, members: ["Y1", "Y2"] },
        { name: "X-and-Y", threshold: 2, members: ["X-witnesses", "Y-witnesses"] },
      ],
      quorum: "X-and-Y",
    });
    expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ["X1", "https://x1.example"],
      ...["X2", "X3", "Y1", "Y2"].map((name) => [name, undefined]),
    ]);
    expect(parsePolicy(formatPolicy(policy))).toEqual(policy);
  });

  test("only the quorum is needed", () => {
    expect(parse("quorum none\n")).toEqual({ logs: [], witnesses: [], groups: [] });
    expect(parse(`quorum none\n${witnessLines("a")}`).witnesses).toHaveLength(1);
    expect(parse(`${witnessLines("a")}quorum a\n\n# end\n`).quorum).toBe("a");
  });

  test("names are octets, not characters", () => {
    const [k, kelvin, latin] = [encodeUtf8("K"), encodeUtf8("\u212a"), Uint8Array.of(0xe9)];
    const lines = [k, kelvin, latin, encodeUtf8("é")].map((name, i) =>
      Uint8Array.of(...encodeUtf8("witness "), ...name, ...encodeUtf8(` ${vkeys[i]}\n`)),
    );
    const bytes = Uint8Array.of(...lines.flatMap((line) => [...line]), ...encodeUtf8("quorum none\n"));
    const policy = parsePolicy(bytes);
    expect(policy.witnesses.map(({ name }) => name)).toEqual(["K", "\u212a", "\udce9", "é"]);
    expect(formatPolicy(policy)).toEqual(bytes);
  });

  test("a policy survives both ways", () => {
    fc.assert(
      fc.property(arbitraryPolicy(), (policy) => {
        const bytes = formatPolicy(policy);
        expect(parsePolicy(bytes)).toEqual(policy);
        expect(formatPolicy(parsePolicy(bytes))).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });

  test("64 of each are enough for anybody, and one more is refused", () => {
    const names = Array.from({ length: 64 }, (_, i) => `w${i}`);
    const witnesses = names.map((name, i) => `witness ${name} ${vkeys[i]}\n`);
    const groups = names.map((name) => `group g${name} all ${name}\n`);
    const logs = names.map((_, i) => `log ${logVkey(ORIGIN, 101 + i)}\n`);
    const full = [...logs, ...witnesses, ...groups].join("");
    expect(parse(`${full}quorum gw63\n`)).toMatchObject({ quorum: "gw63" });
    expect(refusal(`${full}log ${logVkey(ORIGIN, 200)}\n`)).toMatch(/^Line 193 .*64 logs/);
    expect(refusal(`${full}witness x ${vkeys[64]}\n`)).toMatch(/^Line 193 .*64 witnesses/);
    expect(refusal(`${full}group x any gw1\n`)).toMatch(/^Line 193 .*64 groups/);
    expect(refusal("#".repeat(1 << 18) + "\n")).toMatch(/longer/);
  });
});

describe("what is refused, and in which line", () => {
  const ab = witnessLines("ab");
  const cases: [string, RegExp][] = [
    ["", /no quorum/],
    [ab, /no quorum/],
    ["quorum none", /line 1 does not end/],
    [`${ab}quorum a\nquorum a\n`, /^Line 4 .*already/],
    [`${ab}quorum c\n`, /^Line 3 .*"c" is not defined/],
    [`${ab}quorum none\nquorum none\n`, /^Line 4/],
    [`quorum a\n${ab}`, /^Line 1 .*not defined/],
    [`${ab}group g any a c\nquorum g\n`, /^Line 3 .*"c" is not defined/],
    [`${ab}group g any g\nquorum g\n`, /^Line 3 .*"g" is not defined/],
    [`${ab}group g any a a\nquorum g\n`, /^Line 3 .*member/],
    [`${ab}group g any a\ngroup h any a b\nquorum h\n`, /^Line 4 .*member/],
    [`${ab}group g any none\nquorum g\n`, /^Line 3 .*not defined/],
    [`${ab}group none any a\nquorum none\n`, /^Line 3 .*taken/],
    [`witness none ${vkeys[0]}\nquorum none\n`, /^Line 1 .*taken/],
    [`${ab}group a any b\nquorum a\n`, /^Line 3 .*defined already/],
    [`${ab}witness a ${vkeys[2]}\nquorum a\n`, /^Line 3 .*defined already/],
    ...["0", "3", "-1", "01", "2.0", "ALL", "1e0", "k"].map((k): [string, RegExp] => [
      `${ab}group g ${k} a b\nquorum g\n`,
      /^Line 3 .*threshold/,
    ]),
    [`${ab}group g any\nquorum g\n`, /^Line 3 .*items/],
    [`${ab}group g\nquorum g\n`, /^Line 3 .*items/],
    [`${ab}quorum\n`, /^Line 3 .*items/],
    [`${ab}quorum a b\n`, /^Line 3 .*items/],
    [`${ab}quorum a # comment\n`, /^Line 3 .*items/],
    [`witness a\nquorum none\n`, /^Line 1 .*items/],
    [`witness a ${vkeys[0]} https://a b\nquorum none\n`, /^Line 1 .*items/],
    [`log\nquorum none\n`, /^Line 1 .*items/],
    [`Quorum none\n`, /^Line 1 .*"Quorum" begins no line/],
    [`quorum none\r\n`, /line 1 has the octet 0x0d/],
    [`\u00a0quorum none\n`, /^Line 1 .*begins no line/],
    [`#\n#\u007f\nquorum none\n`, /line 2 has the octet 0x7f/],
    [`#\0\nquorum none\n`, /line 1 has the octet 0x00/],
    [`witness a ${vkeys[0]!.slice(0, -2)}\nquorum a\n`, /^Line 1/],
    [`witness a ${logVkey("a.example", 1)}\nquorum a\n`, /^Line 1 .*type 1/],
    [`log ${vkeys[0]}\nquorum none\n`, /^Line 1 .*type 4/],
    // One public key under two names would count twice, or let a log witness itself.
    [
      `${ab}witness c ${formatVerifierKey(testWitness("c.example", 1).key)}\nquorum c\n`,
      /^Line 3 .*public key/,
    ],
    [`${ab}log ${logVkey(ORIGIN, 1)}\nquorum a\n`, /^Line 3 .*public key/],
    [`log ${logVkey(ORIGIN, 1)}\nlog ${logVkey("b", 1)}\nquorum none\n`, /^Line 2 .*public key/],
  ];
  test.each(cases)("%j", (text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  test("the cause says what is wrong with a key", () => {
    const error = expectError(MalformedError, "policy_malformed", () =>
      parse(`witness a ${vkeys[0]!.replace(/\+[0-9a-f]{8}\+/, "+00000000+")}\nquorum a\n`),
    );
    expect(error.cause).toMatchObject({ code: "key_id_mismatch" });
  });

  test("whatever the octets, it is a policy or policy_malformed", () => {
    const bytes = encodeUtf8(`${ab}group g all a b\nquorum g\n`);
    for (let at = 0; at < bytes.length; at++) {
      for (const octet of [bytes[at]! ^ 1, bytes[at]! ^ 0x80, 0x20, 0x0a]) checkOctets(bytes.with(at, octet));
      checkOctets(bytes.slice(0, at));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), checkOctets));
  });

  test("does not format what it would not parse", () => {
    const policy = parse(`${ab}group g all a b\nquorum g\n`);
    const [a, b] = policy.witnesses;
    const wrong: Policy[] = [
      { ...policy, quorum: "x" },
      { ...policy, quorum: "a b" },
      { ...policy, witnesses: [b!] },
      { ...policy, witnesses: [{ ...a!, name: "" }, b!] },
      { ...policy, witnesses: [{ ...a!, name: "a\n" }, b!] },
      { ...policy, witnesses: [{ ...a!, url: "https://a b" }, b!] },
      { ...policy, witnesses: [{ ...a!, url: "https://a\ud800" }, b!] },
      { ...policy, groups: [{ name: "g", threshold: 3, members: ["a", "b"] }] },
    ];
    for (const each of wrong) expectError(MalformedError, "policy_malformed", () => formatPolicy(each));
  });
});

describe("the quorum", () => {
  test("agrees with its recursive definition, and never gets worse by another cosignature", () => {
    fc.assert(
      fc.property(arbitraryPolicy(), fc.infiniteStream(fc.boolean()), (policy, coins) => {
        const cosigned = new Set(policy.witnesses.filter(() => coins.next().value));
        const reached = (name: string): boolean => {
          const witness = policy.witnesses.find((each) => each.name === name);
          if (witness) return cosigned.has(witness);
          const { threshold, members } = policy.groups.find((each) => each.name === name)!;
          return members.reduce((count, member) => count + Number(reached(member)), 0) >= threshold;
        };
        const wanted = policy.quorum === undefined || reached(policy.quorum);
        expect(quorumReached(policy, (witness) => cosigned.has(witness))).toBe(wanted);
        if (wanted) {
          for (const witness of policy.witnesses) {
            expect(quorumReached(policy, (each) => each === witness || cosigned.has(each))).toBe(true);
          }
        }
      }),
    );
  });

  test("is asked of a checkpoint, with the log keys of the policy", async () => {
    const seeds = [2, 3, 4];
    const witnesses = seeds.map((seed) => testWitness(`witness.example/${seed}`, seed));
    const lines = witnesses.map(({ key }, i) => `witness w${i} ${formatVerifierKey(key)}\n`).join("");
    const other = testSigner("other.example", 9);
    const policy = parse(
      `log ${logVkey(ORIGIN, 1)}\nlog ${formatVerifierKey(other.key)}\n${lines}` +
        `group rest any w1 w2\ngroup all all w0 rest\nquorum all\n`,
    );
    const verify = (note: Uint8Array, origin?: string) =>
      verifyCheckpoint(note, policyLogs(policy, origin), checkpointPolicy(policy));
    const text = `${ORIGIN}\n300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=\n`;
    const signed = await signNote(text, [testSigner(ORIGIN, 1)]);
    const [w0, w1, w2] = witnesses;
    const by0 = await w0!.cosign(signed, 10);
    const by12 = await w2!.cosign(await w1!.cosign(signed, 10), 10);
    for (const note of [signed, by0, by12, await w0!.cosign(by0, 11)]) {
      expectError(VerificationError, "cosignatures_too_few", () => verify(note));
    }
    const cosigned = await w2!.cosign(by0, 12);
    expect(verify(cosigned).cosignatures.map(({ name }) => name)).toEqual([
      "witness.example/2",
      "witness.example/4",
    ]);
    expect(verify(cosigned, ORIGIN).treeSize).toBe(300);
    expectError(VerificationError, "note_not_signed", () => verify(cosigned, "other.example"));
    // The key of one log of the policy does not speak for another one.
    const byOther = await w2!.cosign(await w0!.cosign(await signNote(text, [other]), 10), 10);
    expectError(VerificationError, "checkpoint_origin_wrong", () => verify(byOther));
    expectError(VerificationError, "note_not_signed", () => verify(byOther, ORIGIN));
  });
});

/** A policy that survives both ways, or `policy_malformed`. */
function checkOctets(changed: Uint8Array): void {
  let policy: Policy;
  try {
    policy = parsePolicy(changed);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    expect(error instanceof SteleError && error.code).toBe("policy_malformed");
    return;
  }
  expect(parsePolicy(formatPolicy(policy))).toEqual(policy);
}

/** Policies whose groups take members from all that is defined before and is free. */
function arbitraryPolicy(): fc.Arbitrary<Policy> {
  const choices = fc.record({
    witnessCount: fc.integer({ min: 0, max: 8 }),
    logCount: fc.integer({ min: 0, max: 2 }),
    url: fc.boolean(),
    groups: fc.array(
      fc.record({ take: fc.integer({ min: 1, max: 4 }), from: fc.nat(20), threshold: fc.nat(20) }),
      { maxLength: 5 },
    ),
    quorum: fc.option(fc.nat(20), { nil: undefined }),
  });
  return choices.map(({ witnessCount, logCount, url, groups, quorum }) => {
    const withUrl = url ? { url: "https://é.example/w" } : {};
    const witnesses = Array.from({ length: witnessCount }, (_, i) => {
      return { name: `w${i}`, key: testWitness(`witness.example/${i}`, i + 1).key, ...withUrl };
    });
    const logs = Array.from({ length: logCount }, (_, i) => ({
      key: testSigner(ORIGIN, 101 + i).key,
      ...withUrl,
    }));
    const defined = witnesses.map(({ name }) => name);
    const free = [...defined];
    const made = groups.flatMap(({ take, from, threshold }, i) => {
      const members = free.splice(free.length ? from % free.length : 0, take);
      if (members.length === 0) return [];
      const name = `g${i}`;
      free.push(name);
      defined.push(name);
      return [{ name, threshold: 1 + (threshold % members.length), members }];
    });
    const named =
      quorum === undefined || defined.length === 0 ? undefined : defined[quorum % defined.length]!;
    return { logs, witnesses, groups: made, ...(named !== undefined && { quorum: named }) };
  });
}
