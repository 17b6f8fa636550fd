import { randomFillSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { EventInput } from "@stele/client";
import { describe, expect, test } from "vitest";
import { DEFAULT_EVENT_LIMITS } from "../../server/src/event/limits.ts";
import { EventNormalizer } from "../../server/src/event/normalizer.ts";
import { eventOfCloudTrail } from "./cloudtrail.ts";
import type { JsonObject } from "./json-object.ts";

/** 2,900 records of a real account. Not in the repository. */
const REAL_RECORDS =
  process.env["STELE_CLOUDTRAIL_FILE"] ??
  new URL("../../../../shared/data/cloudtrail.ndjson.gz", import.meta.url).pathname;

function map(record: JsonObject): EventInput {
  return JSON.parse(eventOfCloudTrail(record, JSON.stringify(record)));
}

const BASE = {
  eventVersion: "1.08",
  userIdentity: {
    type: "IAMUser",
    principalId: "AIDA1",
    arn: "arn:aws:iam::123456789012:user/zoe",
    accountId: "123456789012",
    accessKeyId: "AKIA1",
    userName: "zoe",
  },
  eventTime: "2026-01-02T03:04:05Z",
  eventSource: "s3.amazonaws.com",
  eventName: "GetBucketPolicy",
  awsRegion: "eu-central-1",
  sourceIPAddress: "203.0.113.9",
  userAgent: "aws-cli/2",
  requestParameters: { bucketName: "reports", Host: "reports.s3.amazonaws.com" },
  responseElements: null,
  requestID: "R1",
  eventID: "875240ac-e821-4fc6-a311-8c352a1d20f5",
  resources: [{ type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::reports", accountId: "123456789012" }],
  recipientAccountId: "123456789012",
};

test("who, what, when, where, to what, with what result", () => {
  expect(map(BASE)).toEqual({
    id: "cloudtrail:875240ac-e821-4fc6-a311-8c352a1d20f5",
    occurred_at: "2026-01-02T03:04:05Z",
    action: "s3.get_bucket_policy",
    actor: {
      type: "user",
      id: "arn:aws:iam::123456789012:user/zoe",
      name: "zoe",
      account_id: "123456789012",
      access_key_id: "AKIA1",
    },
    targets: [{ type: "s3.bucket", id: "arn:aws:s3:::reports", name: "reports", account_id: "123456789012" }],
    context: { ip: "203.0.113.9", user_agent: "aws-cli/2", request_id: "R1" },
    outcome: "success",
    tenant: "123456789012",
    metadata: { cloudtrail: BASE },
  });
});

test("a role's session acts on behalf of the role", () => {
  const userIdentity = {
    type: "AssumedRole",
    principalId: "AROA1:deploy-7",
    arn: "arn:aws:sts::123456789012:assumed-role/ci/deploy-7",
    sessionContext: {
      sessionIssuer: { type: "Role", arn: "arn:aws:iam::123456789012:role/ci", userName: "ci" },
    },
  };
  expect(map({ ...BASE, userIdentity })).toMatchObject({
    actor: {
      type: "role_session",
      id: "arn:aws:sts::123456789012:assumed-role/ci/deploy-7",
      name: "deploy-7",
    },
    on_behalf_of: { type: "role", id: "arn:aws:iam::123456789012:role/ci", name: "ci" },
  });
});

test("a service acts, and its name is no address", () => {
  const event = map({
    ...BASE,
    userIdentity: { type: "AWSService", invokedBy: "cloudtrail.amazonaws.com" },
    sourceIPAddress: "cloudtrail.amazonaws.com",
  });
  expect(event.actor).toEqual({
    type: "service",
    id: "cloudtrail.amazonaws.com",
    invoked_by: "cloudtrail.amazonaws.com",
  });
  expect(event.context).toEqual({ user_agent: "aws-cli/2", request_id: "R1" });
  expect(map({ ...BASE, userIdentity: {} }).actor).toEqual({ type: "service", id: "203.0.113.9" });
});

test.each([
  [{ errorCode: "AccessDenied", errorMessage: "No" }, "denied", "No"],
  [{ errorCode: "Client.UnauthorizedOperation" }, "denied", "Client.UnauthorizedOperation"],
  [{ errorCode: "NoSuchBucketPolicy", errorMessage: "None" }, "failure", "None"],
  [
    {
      eventSource: "signin.amazonaws.com",
      eventName: "ConsoleLogin",
      responseElements: { ConsoleLogin: "Failure" },
      errorMessage: "Failed authentication",
    },
    "failure",
    "Failed authentication",
  ],
  [{ eventName: "ConsoleLogin", responseElements: { ConsoleLogin: "Success" } }, "success", undefined],
])("outcome of %j: %s", (change, outcome, reason) => {
  const event = map({ ...BASE, ...change });
  expect([event.outcome, event.reason]).toEqual([outcome, reason]);
});

test.each([
  ["ec2.amazonaws.com", "DescribeVpcClassicLinkDnsSupport", "ec2.describe_vpc_classic_link_dns_support"],
  ["rds.amazonaws.com", "DescribeDBInstances", "rds.describe_db_instances"],
  ["lambda.amazonaws.com", "GetFunction20150331v2", "lambda.get_function"],
  ["resource-explorer-2.amazonaws.com", "ListIndexes", "resource-explorer-2.list_indexes"],
  ["iam.amazonaws.com", "ListMFADevices", "iam.list_mfa_devices"],
  ["a\u0000B.c", "x y", "a_b_c.x_y"],
])("%s %s: %s", (eventSource, eventName, action) => {
  expect(map({ ...BASE, eventSource, eventName }).action).toBe(action);
});

test("targets without a type, and those that only parameters name", () => {
  const resources = [{ ARN: "arn:aws:ssm:eu-central-1:1:association/56fc" }, { accountId: "1" }, "?"];
  const requestParameters = { associationId: "56fc", instanceId: "i-1", name: "/db/password" };
  const { targets } = map({ ...BASE, eventSource: "ssm.amazonaws.com", resources, requestParameters });
  expect(targets).toEqual([
    { type: "ssm.association", id: "arn:aws:ssm:eu-central-1:1:association/56fc", name: "56fc" },
    { type: "ec2.instance", id: "i-1" },
    { type: "ssm.parameter", id: "/db/password" },
  ]);
});

test("a record without an eventID has the same id each time", () => {
  const { eventID: _, ...record } = BASE;
  expect(map(record).id).toMatch(/^cloudtrail:sha256:[0-9a-f]{64}$/);
  expect(map(record).id).toBe(map(record).id);
});

test("the record goes along as it is written", () => {
  const text = '{"eventSource": "s3.amazonaws.com",\n "eventName":"X","n":12345678901234567890,"n2":1.0}';
  const event = eventOfCloudTrail({ eventSource: "s3.amazonaws.com", eventName: "X" }, text);
  expect(event.endsWith(`,"metadata":{"cloudtrail":${text.replace("\n", " ")}}}`)).toBe(true);
});

describe.skipIf(!existsSync(REAL_RECORDS))(`2,900 real records (skipped where there is no such file)`, () => {
  test("all of them are valid events, each with an id of its own", () => {
    const normalizer = new EventNormalizer({
      limits: DEFAULT_EVENT_LIMITS,
      idHashSeed: { k0: 1, k1: 2 },
      fillRandom: (bytes) => void randomFillSync(bytes),
    });
    const lines = gunzipSync(readFileSync(REAL_RECORDS)).toString().trimEnd().split("\n");
    const events = lines.map((line) => eventOfCloudTrail(JSON.parse(line), line));
    const batch = normalizer.normalize(Buffer.from(events.join("\n")), "ndjson", "2026-01-01T00:00:00.000Z");
    expect(batch.count).toBe(2900);

    const entries: EventInput[] = Buffer.from(batch.bytes)
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(new Set(entries.map(({ id }) => id)).size).toBe(2900);
    const count = (is: (entry: EventInput) => boolean) => entries.filter(is).length;
    expect(count(({ outcome }) => outcome === "denied")).toBe(60);
    expect(count(({ outcome }) => outcome === "failure")).toBe(240);
    expect(count(({ actor }) => actor.type === "service")).toBe(76);
    expect(count(({ on_behalf_of }) => on_behalf_of?.type === "role")).toBe(76);
    expect(count(({ actor }) => actor.type === "unknown")).toBe(0);
    expect(count(({ context }) => context?.ip !== undefined)).toBe(2547);
    for (const [i, { metadata }] of entries.entries()) {
      expect(metadata).toEqual({ cloudtrail: JSON.parse(lines[i]!) });
    }
  });
});
