import { MalformedError, UnavailableError, VerificationError } from "@stele/proof";
import { expect, test } from "vitest";
import { InterruptedError, UsageError } from "./cli-error.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { describeFailure } from "./failure.ts";
import { pointingAtMistakes, queryOf } from "./query-words.ts";
import { RefusedError } from "@stele/client";

test("each kind of error has its exit code", () => {
  const codes = [
    new UsageError("x"),
    new InterruptedError(),
    new MalformedError("query_invalid", "x"),
    new UnavailableError("unreachable", "No connection to http://x: refused"),
    new VerificationError("inclusion_not_proven", "x", {}),
    Object.assign(new Error("x"), { code: "ENOENT", path: "/x" }),
    new TypeError("x is not a function"),
  ].map((error) => describeFailure(error).exitCode);
  const { usage, failed, verificationFailed } = EXIT_CODE;
  expect(codes).toEqual([usage, failed, failed, failed, verificationFailed, failed, failed]);
});

test("a node that is not there, a file that is not there", () => {
  const error = new UnavailableError(
    "unreachable",
    "No connection to http://127.0.0.1:1: connect ECONNREFUSED",
  );
  expect(describeFailure(error)).toMatchObject({
    code: "unreachable",
    message: "No node answers at http://127.0.0.1:1: connect ECONNREFUSED",
    hint: expect.stringContaining("npx stele serve"),
  });
  const missing = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT", path: "/a/b" });
  expect(describeFailure(missing).message).toBe("There is no /a/b");
});

test("what a server says can't act on the terminal", () => {
  expect(describeFailure(new MalformedError("x", "a\u001B[2Jb\nc")).message).toBe("a\\u{1b}[2Jb\nc");
});

test("a mistake in a query is pointed at", async () => {
  const refused = new RefusedError("query_invalid", "there is no field acter", {
    status: 400,
    offset: 2,
    length: 5,
  });
  await expect(pointingAtMistakes("x acter:a", () => Promise.reject(refused))).rejects.toMatchObject({
    code: "query_invalid",
    message: "there is no field acter\n  x acter:a\n    ^^^^^",
  });
  expect(queryOf(["actor:a", "-action:b"])).toBe("actor:a -action:b");
  expect(() => queryOf(["actor:a", "--limt"])).toThrow(UsageError);
});
