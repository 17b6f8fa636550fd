import type { Change, EventContext, EventInput, Outcome, Party } from "@stele/client";
import {
  makeTenants,
  NAMESPACES,
  REGIONS,
  ROLES,
  SERVICES,
  type SimulatedTenant,
  type SimulatedUser,
} from "./traffic-world.ts";

export interface TrafficOptions {
  /** Another seed, other events. Any safe integer. */
  readonly seed: number;
  /** 12 unless told. */
  readonly tenants?: number;
  /** In each tenant; 60 unless told. */
  readonly users?: number;
  /** The number of the first event; 0 unless told. */
  readonly first?: number;
}

/** What happens, without the fields that every event has. */
interface Scene {
  readonly action: string;
  readonly actor: Party;
  readonly onBehalfOf?: Party | undefined;
  readonly targets: readonly Party[];
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly changes?: readonly Change[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** From where, unless it is the user's own place. */
  readonly ip?: string;
  readonly userAgent?: string;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

const SESSION_MS = 4 * 3_600_000;

/**
 * Realistic audit events of a company that sells software as a service, of about 500 bytes as entries: people
 * who sign in (or fail to), read, change and share documents, administrators, API keys, deployments, a cluster.
 * Event `n` is a function of the seed, of `n` and of its time alone, its id included.
 */
export class Traffic {
  readonly #seed: number;
  readonly #tenants: readonly SimulatedTenant[];
  #next: number;
  #state = 0;

  constructor({ seed, tenants = 12, users = 60, first = 0 }: TrafficOptions) {
    this.#seed = mix(seed % 2 ** 32, Math.floor(seed / 2 ** 32));
    this.#tenants = makeTenants(tenants, users);
    this.#next = first;
  }

  /** The number of the event that comes next. */
  get position(): number {
    return this.#next;
  }

  /** The next event, as one line of JSON. @param atMs when it occurs, in milliseconds since 1970 */
  json(atMs: number): string {
    return JSON.stringify(this.next(atMs));
  }

  /** The next event. @param atMs when it occurs, in milliseconds since 1970 */
  next(atMs: number): EventInput {
    const n = this.#next++;
    this.#state = mix(mix(this.#seed, Math.floor(n / 2 ** 32)), n % 2 ** 32);
    const tenant = this.#skewed(this.#tenants);
    const user = this.#skewed(tenant.users);
    const scene = this.#scene(tenant, user);
    const isPerson = scene.userAgent === undefined;
    const context: Writable<EventContext> = {
      ip: scene.ip ?? user.ip,
      user_agent: scene.userAgent ?? user.userAgent,
      request_id: `req_${this.#hex(8)}`,
    };
    if (isPerson) context.session_id = `ses_${hex8(mix(Math.floor(atMs / SESSION_MS), user.number))}`;
    else context.trace_id = this.#hex(32);
    const event: Writable<EventInput> = {
      id: this.#id(n, atMs),
      occurred_at: new Date(atMs).toISOString(),
      action: scene.action,
      actor: scene.actor,
      targets: scene.targets,
      context,
      outcome: scene.outcome ?? "success",
      tenant: tenant.id,
    };
    if (scene.onBehalfOf) event.on_behalf_of = scene.onBehalfOf;
    if (scene.reason !== undefined) event.reason = scene.reason;
    if (scene.changes) event.changes = scene.changes;
    if (scene.metadata) event.metadata = scene.metadata;
    return event;
  }

  #scene(tenant: SimulatedTenant, user: SimulatedUser): Scene {
    const drawn = this.#fraction();
    let sum = 0;
    for (const [share, scene] of SCENES) {
      sum += share;
      if (drawn < sum) return scene(this.#dice, tenant, user);
    }
    return readDocument(this.#dice, tenant, user);
  }

  readonly #dice: Dice = {
    fraction: () => this.#fraction(),
    pick: (items) => items[Math.floor(this.#fraction() * items.length)]!,
    skewed: (items) => this.#skewed(items),
    hex: (digits) => this.#hex(digits),
  };

  /** Few are busy and many are not. */
  #skewed<T>(items: readonly T[]): T {
    const fraction = this.#fraction();
    return items[Math.floor(fraction * fraction * items.length)]!;
  }

  #fraction(): number {
    return this.#random() / 2 ** 32;
  }

  #hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += hex8(this.#random());
    return text;
  }

  /** A UUIDv7 whose last 48 bits are the number of the event, scrambled: no two are the same. */
  #id(n: number, atMs: number): string {
    const random = this.#random();
    const time = `${hex8(Math.floor(atMs / 2 ** 16))}-${HEX_4[atMs % 2 ** 16]!}`;
    const number = HEX_4[Math.floor(n / 2 ** 32) % 2 ** 16]! + hex8(mix(this.#seed, n % 2 ** 32));
    return `${time}-7${HEX_4[random >>> 20]!.slice(1)}-8${HEX_4[random & 0xfff]!.slice(1)}-${number}`;
  }

  /** Mulberry32: 32 random bits. Fast, and good enough to tell a story. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
}

interface Dice {
  fraction(): number;
  pick<T>(items: readonly T[]): T;
  skewed<T>(items: readonly T[]): T;
  hex(digits: number): string;
}

type MakeScene = (dice: Dice, tenant: SimulatedTenant, user: SimulatedUser) => Scene;

const readDocument: MakeScene = (dice, tenant, user) => {
  const denied = dice.fraction() < 0.01;
  return {
    action: dice.pick(["document.read", "document.read", "document.read", "document.downloaded"]),
    actor: user.party,
    targets: [dice.skewed(tenant.documents)],
    ...(denied && { outcome: "denied", reason: "The document is not shared with this user" }),
    metadata: { region: dice.pick(REGIONS), bytes: Math.floor(dice.fraction() * 200_000) },
  };
};

const changeDocument: MakeScene = (dice, tenant, user) => {
  const version = 1 + Math.floor(dice.fraction() * 90);
  return {
    action: dice.pick(["document.updated", "document.updated", "document.updated", "document.created"]),
    actor: user.party,
    targets: [dice.skewed(tenant.documents)],
    changes: [{ field: "version", old: version, new: version + 1 }],
  };
};

const shareDocument: MakeScene = (dice, tenant, user) => ({
  action: dice.pick(["document.shared", "document.shared", "document.unshared", "document.deleted"]),
  actor: user.party,
  targets: [dice.skewed(tenant.documents), dice.pick(tenant.users).party],
  metadata: { permission: dice.pick(ROLES.slice(0, 2)), link: dice.fraction() < 0.2 },
});

const signIn: MakeScene = (dice, _tenant, user) => {
  const drawn = dice.fraction();
  const metadata = { method: dice.pick(["password", "sso", "sso", "passkey"]), mfa: drawn > 0.2 };
  const common = {
    actor: user.party,
    targets: [{ type: "application", id: "web", name: "Web app" }],
    metadata,
  };
  if (drawn < 0.06) {
    return { ...common, action: "user.login", outcome: "failure", reason: "The password is wrong" };
  }
  if (drawn < 0.08) {
    const ip = `198.51.100.${1 + Math.floor(dice.fraction() * 254)}`;
    return { ...common, action: "user.login", outcome: "denied", reason: "The account is locked", ip };
  }
  return { ...common, action: drawn < 0.7 ? "user.login" : "user.logout" };
};

const administer: MakeScene = (dice, tenant, user) => {
  const [old, next] = [dice.pick(ROLES), dice.pick(ROLES)];
  return {
    action: dice.pick(["role.assigned", "role.assigned", "member.invited", "member.removed"]),
    actor: user.party,
    targets: [dice.pick(tenant.users).party],
    changes: [{ field: "role", old, new: next }],
    ...(next === "owner" && { outcome: "denied", reason: "Only an owner makes another owner" }),
  };
};

const useApiKey: MakeScene = (dice, tenant, user) => ({
  action: dice.pick(["api_key.used", "api_key.used", "api_key.used", "api_key.created", "api_key.revoked"]),
  actor: {
    type: "api_key",
    id: `key_${tenant.id}_${1 + Math.floor(dice.fraction() * 20)}`,
    name: "Integration",
  },
  onBehalfOf: user.party,
  targets: [{ type: "service", id: dice.pick(SERVICES) }],
  userAgent: "stele-demo-sdk/2.4.1 (node 24.21.0)",
  metadata: { scope: dice.pick(["read:documents", "write:documents", "read:members"]), status: 200 },
});

const deploy: MakeScene = (dice, _tenant, user) => {
  const failed = dice.fraction() < 0.08;
  return {
    action: failed ? "deploy.failed" : dice.pick(["deploy.started", "deploy.succeeded"]),
    actor: { type: "service", id: "ci", name: "Continuous delivery" },
    onBehalfOf: user.party,
    targets: [
      { type: "service", id: dice.pick(SERVICES), environment: dice.pick(["production", "staging"]) },
    ],
    ...(failed && { outcome: "failure", reason: "The health check of the new version did not pass" }),
    ip: "192.0.2.10",
    userAgent: "actions-runner/2.329.0",
    metadata: { commit: dice.hex(40), pipeline: Math.floor(dice.fraction() * 90_000) },
  };
};

const operateCluster: MakeScene = (dice) => {
  const resource = dice.pick(["pods", "deployments", "configmaps", "secrets"]);
  const namespace = dice.pick(NAMESPACES);
  const denied = resource === "secrets" && dice.fraction() < 0.3;
  return {
    action: `k8s.${resource}.${dice.pick(["get", "list", "create", "patch", "delete"])}`,
    actor: { type: "service_account", id: `system:serviceaccount:${namespace}:${dice.pick(SERVICES)}` },
    targets: [{ type: `k8s.${resource}`, id: `${namespace}/${dice.pick(SERVICES)}-${dice.hex(8)}` }],
    ...(denied && { outcome: "denied", reason: "RBAC: no role of this account allows it" }),
    ip: `10.0.${Math.floor(dice.fraction() * 16)}.${1 + Math.floor(dice.fraction() * 254)}`,
    userAgent: "kube-controller-manager/v1.34.1 (linux/amd64)",
    metadata: { namespace, code: denied ? 403 : 200 },
  };
};

const support: MakeScene = (dice, tenant, user) => ({
  action: "support.impersonated",
  actor: { type: "employee", id: `emp_${1 + Math.floor(dice.fraction() * 12)}`, name: "Support" },
  onBehalfOf: user.party,
  targets: [dice.skewed(tenant.documents)],
  ip: "192.0.2.77",
  metadata: { ticket: `SUP-${10_000 + Math.floor(dice.fraction() * 9_000)}` },
});

/** What happens, and how much of all that happens it is. What is left is reading documents. */
const SCENES: readonly (readonly [number, MakeScene])[] = [
  [0.2, changeDocument],
  [0.13, signIn],
  [0.1, useApiKey],
  [0.1, operateCluster],
  [0.06, shareDocument],
  [0.03, administer],
  [0.03, deploy],
  [0.01, support],
];

const HEX_4 = Array.from({ length: 2 ** 16 }, (_, i) => i.toString(16).padStart(4, "0"));

function hex8(bits: number): string {
  return HEX_4[(bits >>> 16) & 0xffff]! + HEX_4[bits & 0xffff]!;
}

/** Two numbers of 32 bits into one. For a given first one, no two second ones give the same. */
function mix(a: number, b: number): number {
  let h = a ^ Math.imul(b ^ (b >>> 16), 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
