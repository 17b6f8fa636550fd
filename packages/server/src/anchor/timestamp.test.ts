import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MalformedError, SteleError, VerificationError } from "@stele/proof";
import vectors from "./testing/timestamps.json" with { type: "json" };
import { makeTimestampRequest } from "./timestamp-request.ts";
import { OpensslTsa, whyNoOpenssl } from "./testing/openssl-tsa.ts";
import { verifyTimestamp } from "./timestamp.ts";
import { TsaClient } from "./tsa-client.ts";
import { parseTimestampResponse } from "./timestamp-token.ts";
import { parseCertificates, verifyTsaChain } from "./tsa-certificate.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest();
const digest = sha256("a signed checkpoint");
const missing = whyNoOpenssl();

async function certificatesOf(tsa: OpensslTsa, name: string) {
  return parseCertificates(await readFile(join(tsa.directory, name), "utf8"), name);
}

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SteleError) return error.code;
    throw error;
  }
  return "";
}

describe.skipIf(missing !== undefined)(
  `openssl ts as the authority${missing ? `: skipped, ${missing}` : ""}`,
  () => {
    let tsa: OpensslTsa;
    let trusted: ReturnType<typeof parseCertificates>;
    let client: TsaClient;

    beforeAll(async () => {
      tsa = await OpensslTsa.start();
      trusted = parseCertificates(await tsa.ca(), "root.pem");
      client = new TsaClient(tsa.url, trusted);
    });
    afterAll(() => tsa.stop());

    it("stamps a digest, and the stamp verifies again later", async () => {
      const before = Math.floor(Date.now() / 1000) * 1000;
      const { response, verified } = await client.stamp(digest);
      expect(verified).toMatchObject({ authority: "CN=tsa", policy: "1.2.3.4.1", isAuthenticated: true });
      expect(verified.timeMs).toBeGreaterThanOrEqual(before);
      expect(verifyTimestamp(response, digest, { trusted })).toEqual(verified);
      expect(verifyTimestamp(response, digest).isAuthenticated).toBe(false);
      expect(verifyTimestamp(response, digest, { policy: "1.2.3.4.1" }).policy).toBe("1.2.3.4.1");
      expect(await codeOf(() => verifyTimestamp(response, digest, { policy: "1.2.3.4.5" }))).toBe(
        "timestamp_policy_wrong",
      );
      expect(await codeOf(() => verifyTimestamp(response, sha256("another"), { trusted }))).toBe(
        "timestamp_of_other_data",
      );
    });

    it("openssl itself accepts the request that is sent, and the answer that is kept", async () => {
      const { response } = await client.stamp(digest);
      await writeFile(join(tsa.directory, "kept.tsr"), response);
      const flags = ["-in", "kept.tsr", "-digest", digest.toString("hex"), "-CAfile", "root.pem"];
      await tsa.openssl("ts", "-verify", ...flags, "-untrusted", "between.pem");
    });

    it("refuses an answer to another request, or of other data", async () => {
      const other = makeTimestampRequest(sha256("another"));
      tsa.replaceQuery = () => Promise.resolve(Buffer.from(other.der));
      expect(await codeOf(() => client.stamp(digest))).toBe("timestamp_of_other_data");
      const old = makeTimestampRequest(digest);
      tsa.replaceQuery = () => Promise.resolve(Buffer.from(old.der));
      expect(await codeOf(() => client.stamp(digest))).toBe("timestamp_nonce_wrong");
      tsa.replaceQuery = (query) => Promise.resolve(query);
    });

    it("refuses a refusal", async () => {
      tsa.replaceQuery = () => Promise.resolve(Buffer.from("300302010a", "hex"));
      const code = await codeOf(() => client.stamp(digest));
      expect(code).toBe("timestamp_refused");
      tsa.replaceQuery = (query) => Promise.resolve(query);
    });

    it("every flipped bit of what counts is noticed", async () => {
      const { response } = await client.stamp(digest);
      let accepted = 0;
      for (let at = 0; at < response.length; at += 2) {
        const changed = response.with(at, response[at]! ^ (1 << (at % 8)));
        try {
          verifyTimestamp(changed, digest, { trusted });
          accepted++;
        } catch (error) {
          expect(error instanceof MalformedError || error instanceof VerificationError, String(error)).toBe(
            true,
          );
        }
      }
      // What is not signed and not read: versions, the name of the signer's certificate, the list of digests, the certificate in
      // between where the chain does not need it.
      expect(accepted).toBeLessThan(response.length * 0.025);
    });

    it("every cut answer, and anything else, is malformed", async () => {
      const { response } = await client.stamp(digest);
      for (let length = 0; length < response.length; length += 3) {
        expect(await codeOf(() => verifyTimestamp(response.slice(0, length), digest))).toBe(
          "timestamp_malformed",
        );
      }
      for (const bytes of [Buffer.from("hello"), Buffer.alloc(100), Buffer.alloc(1 << 17, 0x30)]) {
        expect(await codeOf(() => verifyTimestamp(bytes, digest))).toBe("timestamp_malformed");
      }
      expect(await codeOf(() => verifyTimestamp(Buffer.concat([response, Buffer.alloc(1)]), digest))).toBe(
        "timestamp_malformed",
      );
    });

    it("an authority that is out, wrong or endless is unavailable, or malformed", async () => {
      tsa.status = 500;
      expect(await codeOf(() => client.stamp(digest))).toBe("tsa_unavailable");
      tsa.status = 200;
      tsa.tamper = () => Buffer.alloc(1 << 20);
      expect(await codeOf(() => client.stamp(digest))).toBe("tsa_unavailable");
      tsa.tamper = () => Buffer.from("<html>");
      expect(await codeOf(() => client.stamp(digest))).toBe("timestamp_malformed");
      tsa.tamper = (response) => response;
      expect(await codeOf(() => new TsaClient("http://127.0.0.1:9/").stamp(digest))).toBe("tsa_unavailable");
      expect(await codeOf(() => client.stamp(digest, AbortSignal.abort()))).toBe("tsa_unavailable");
    });

    it("wants certificates that lead to a trusted one, at the time, for time-stamping only", async () => {
      const { response, verified } = await client.stamp(digest);
      for (const name of ["root.pem", "between.pem", "tsa.pem"]) {
        expect(verifyTimestamp(response, digest, { trusted: await certificatesOf(tsa, name) })).toEqual(
          verified,
        );
      }
      expect(await codeOf(() => verifyTimestamp(response, digest, { trusted: [] }))).toBe(
        "timestamp_not_trusted",
      );

      const other = await OpensslTsa.start({ keyType: "ec" });
      const theirs = parseCertificates(await other.ca(), "root.pem");
      expect(await codeOf(() => new TsaClient(other.url, trusted).stamp(digest))).toBe(
        "timestamp_not_trusted",
      );
      expect((await new TsaClient(other.url, theirs).stamp(digest)).verified.isAuthenticated).toBe(true);
      expect((await new TsaClient(other.url, [...trusted, ...theirs]).stamp(digest)).verified.authority).toBe(
        "CN=tsa",
      );
      await other.stop();
    });

    it("refuses a certificate that has expired, or is for more than time-stamping", async () => {
      // openssl stamps with neither: so the certificate of an honest answer is looked at on another day.
      const { response } = await client.stamp(digest);
      const { certificates, info } = parseTimestampResponse(response);
      const own = certificates.find(({ subject }) => subject === "CN=tsa")!;
      const check =
        (timeMs: number, leaf = own) =>
        () =>
          verifyTsaChain(leaf, certificates, trusted, timeMs);
      const day = 24 * 3_600_000;
      expect(await codeOf(check(info.timeMs))).toBe("");
      expect(await codeOf(check(info.timeMs + 29 * day))).toBe("");
      expect(await codeOf(check(info.timeMs + 31 * day))).toBe("timestamp_not_trusted");
      expect(await codeOf(check(info.timeMs - day))).toBe("timestamp_not_trusted");
      for (const extendedKeyUsage of [
        "critical,serverAuth",
        "critical,timeStamping,serverAuth",
        "timeStamping",
      ]) {
        const other = await OpensslTsa.start({ extendedKeyUsage });
        const theirs = parseCertificates(await readFile(join(other.directory, "tsa.pem"), "utf8"), "tsa.pem");
        expect(
          await codeOf(() => verifyTsaChain(theirs[0]!, [], theirs, theirs[0]!.validFromDate.getTime())),
        ).toBe("timestamp_not_trusted");
        await other.stop();
      }
    });
  },
);

it.each(vectors)("a time-stamp that was kept still verifies: $name", ({ text, response, ca }) => {
  const kept = Buffer.from(response, "base64");
  const verified = verifyTimestamp(kept, sha256(text), { trusted: parseCertificates(ca, "ca") });
  expect(verified).toMatchObject({ authority: "CN=tsa", isAuthenticated: true });
  expect(new Date(verified.timeMs).toISOString()).toMatch(/^2026-11-21T/);
});

it("takes no URL with a password, and shows no parameters", () => {
  expect(new TsaClient("https://tsa.example/tsr?key=secret").name).toBe("tsa.example/tsr");
  for (const url of ["tsa.example", "ftp://tsa.example/", "https://user:secret@tsa.example/"]) {
    expect(() => new TsaClient(url)).toThrow(MalformedError);
    expect(() => new TsaClient(url)).not.toThrow(/secret/);
  }
  expect(() => parseCertificates("nothing", "ca.pem")).toThrow(/ca\.pem/);
});
