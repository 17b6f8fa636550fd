import { readFile } from "node:fs/promises";
import { InvariantError, MalformedError, UnavailableError, VerificationError } from "@stele/proof";
import { describe, expect, it } from "vitest";
import { ACCESS_ERROR_CODES } from "../access/errors.ts";
import { EVENT_ERROR_CODES, EventRejectedError } from "../event/errors.ts";
import { answerOfError } from "./error-answer.ts";
import { ERROR_STATUS } from "./error-status.ts";
import { REQUEST_ERROR_CODES } from "./errors.ts";

/** They are for the operator: they end a command, or are written to the node's log. */
const OF_THE_OPERATOR = new Set([
  "tokens_missing",
  "token_name_malformed",
  "token_name_taken",
  "token_name_unknown",
  "token_file_busy",
  "token_file_malformed",
]);

describe("ERROR_STATUS", () => {
  it.each(
    Object.keys({ ...ACCESS_ERROR_CODES, ...EVENT_ERROR_CODES, ...REQUEST_ERROR_CODES }).filter(
      (code) => !OF_THE_OPERATOR.has(code),
    ),
  )("has %s", (code) => {
    expect(ERROR_STATUS[code]).toBeGreaterThanOrEqual(400);
  });
});

it("is the table of docs/operate/http-api.md", async () => {
  const page = await readFile(new URL("../../../../docs/operate/http-api.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| (\d{3}) +\| ((?:`\w+`(?:, )?)+) +\|$/gm)];
  const documented = rows.flatMap(([, status, codes]) =>
    [...codes!.matchAll(/\w+/g)].map(([code]) => [code, Number(status)]),
  );
  expect(Object.fromEntries(documented)).toEqual(ERROR_STATUS);
});

describe("answerOfError", () => {
  it.each(Object.entries(ERROR_STATUS))("answers %s with %s", (code, status) => {
    const { status: answered, body, headers } = answerOfError(new UnavailableError(code, "What happened"));
    expect(answered).toBe(status);
    expect(body).toEqual({ error: { code, message: "What happened" } });
    expect("retry-after" in headers).toBe(status === 503 || status === 429);
  });

  it("names each problem of a submission", () => {
    const problems = [{ position: 3, path: "/actor/id", reason: "is missing" }];
    expect(answerOfError(new EventRejectedError(problems))).toMatchObject({
      status: 422,
      body: { error: { code: "event_invalid", problems } },
    });
  });

  it("says that what is stored is damaged, and not where", () => {
    const error = new VerificationError("segment_corrupt", "The segment /srv/x is damaged", {});
    const { status, body } = answerOfError(error);
    expect([status, body.error.code]).toEqual([500, "log_damaged"]);
    expect(body.error.message).not.toContain("/srv");
  });

  it("says when to try again", () => {
    expect(
      [{}, { retryAfterMs: 1 }, { retryAfterMs: 1_001 }, { retryAfterMs: 60_000 }].map(retryAfter),
    ).toEqual(["1", "1", "2", "60"]);
  });

  it.each([
    new Error("secret"),
    new TypeError("secret"),
    new InvariantError("impossible", "secret"),
    new MalformedError("journal_malformed", "secret"),
    Object.assign(new Error("secret"), { code: "ENOENT", statusCode: 404 }),
    "secret",
    undefined,
  ])("tells nothing of %o", (error) => {
    const answer = answerOfError(error);
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(answer.body.error.code).toBe("internal");
  });
});

function retryAfter(options: { readonly retryAfterMs?: number }): string | undefined {
  return answerOfError(new UnavailableError("overloaded", "", options)).headers["retry-after"];
}
