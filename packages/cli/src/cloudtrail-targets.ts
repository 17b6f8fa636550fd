import type { Party } from "@stele/client";
import { cut, NAME_CHARACTERS_MAX, serviceOf, snakeCase } from "./cloudtrail-words.ts";
import { fieldOf, isJsonObject, textOf, type JsonObject } from "./json-object.ts";

/** An event's limit is 100. */
const TARGETS_MAX = 100;

/** Parameters of calls that name the one thing that the call is about, and what that thing is. */
const PARAMETERS: readonly (readonly [string, string])[] = [
  ["bucketName", "s3.bucket"],
  ["bucket", "s3.bucket"],
  ["instanceId", "ec2.instance"],
  ["volumeId", "ec2.volume"],
  ["snapshotId", "ec2.snapshot"],
  ["imageId", "ec2.image"],
  ["vpcId", "ec2.vpc"],
  ["subnetId", "ec2.subnet"],
  ["groupId", "ec2.security_group"],
  ["routeTableId", "ec2.route_table"],
  ["internetGatewayId", "ec2.internet_gateway"],
  ["natGatewayId", "ec2.nat_gateway"],
  ["networkInterfaceId", "ec2.network_interface"],
  ["allocationId", "ec2.address"],
  ["userName", "iam.user"],
  ["roleName", "iam.role"],
  ["roleArn", "iam.role"],
  ["groupName", "iam.group"],
  ["policyArn", "iam.policy"],
  ["instanceProfileName", "iam.instance_profile"],
  ["functionName", "lambda.function"],
  ["secretId", "secretsmanager.secret"],
  ["keyId", "kms.key"],
  ["trailName", "cloudtrail.trail"],
  ["dBInstanceIdentifier", "rds.db_instance"],
  ["dBSnapshotIdentifier", "rds.db_snapshot"],
  ["logGroupName", "logs.log_group"],
  ["tableName", "dynamodb.table"],
  ["queueUrl", "sqs.queue"],
  ["topicArn", "sns.topic"],
  ["stackName", "cloudformation.stack"],
  ["documentName", "ssm.document"],
];

/** What a parameter called just `name` means, by service. */
const NAMED: Readonly<Record<string, string>> = {
  ssm: "ssm.parameter",
  secretsmanager: "secretsmanager.secret",
  cloudtrail: "cloudtrail.trail",
};

/** What was acted on: the record's `resources`, then what its parameters name beside these. */
export function targetsOf(record: JsonObject): Party[] {
  const { resources } = record;
  const targets: Party[] = [];
  for (const resource of Array.isArray(resources) ? resources.filter(isJsonObject) : []) {
    const target = targetOfResource(resource);
    if (target) targets.push(target);
  }
  const parameters = fieldOf(record, "requestParameters");
  const service = serviceOf(record);
  const named = NAMED[service];
  for (const [key, type] of named === undefined ? PARAMETERS : [...PARAMETERS, ["name", named] as const]) {
    const id = textOf(parameters, key);
    if (id === undefined || targets.some((target) => names(target.id, id))) continue;
    targets.push({ type, id: cut(id, NAME_CHARACTERS_MAX) });
  }
  return targets.slice(0, TARGETS_MAX);
}

/** Whether the ARN (or the id) ends with the name. */
function names(arn: string, name: string): boolean {
  return arn === name || arn.endsWith(`:${name}`) || arn.endsWith(`/${name}`);
}

/** `{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::name"}`. The type may be missing, as with Systems Manager. */
function targetOfResource(resource: JsonObject): Party | undefined {
  const arn = textOf(resource, "ARN") ?? textOf(resource, "ARNPrefix");
  if (arn === undefined) return undefined;
  const type = textOf(resource, "type");
  const account = textOf(resource, "accountId");
  // arn:partition:service:region:account:resource, and the resource is `name`, `kind/name` or `kind:name`.
  const [, , service = "aws", , , ...rest] = arn.split(":");
  const [, kind, name] = /^(?:([^/:]*)[/:])?(.*)$/s.exec(rest.join(":"))!;
  return {
    type: cut(
      type === undefined ? [service, kind].filter(Boolean).join(".") : typeOfAws(type),
      NAME_CHARACTERS_MAX,
    ),
    id: cut(arn, NAME_CHARACTERS_MAX),
    ...(name && { name: cut(name, NAME_CHARACTERS_MAX) }),
    ...(account !== undefined && { account_id: account }),
  };
}

/** `AWS::S3::Bucket` → `s3.bucket`. */
function typeOfAws(type: string): string {
  return type
    .replace(/^AWS::/, "")
    .split("::")
    .map(snakeCase)
    .join(".");
}
