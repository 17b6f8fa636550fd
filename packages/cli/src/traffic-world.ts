import type { Party } from "@stele/client";

/** The cast of the simulated traffic: a made-up software-as-a-service company and its customers. */

export interface SimulatedUser {
  /** Among all users. */
  readonly number: number;
  readonly party: Party;
  readonly ip: string;
  readonly userAgent: string;
}

export interface SimulatedTenant {
  readonly id: string;
  readonly users: readonly SimulatedUser[];
  readonly documents: readonly Party[];
}

const TENANTS = [
  "acme",
  "globex",
  "initech",
  "umbrella",
  "hooli",
  "stark",
  "wayne",
  "wonka",
  "tyrell",
  "cyberdyne",
  "soylent",
  "aperture",
];
const FIRST_NAMES =
  "Alice Benjamin Chloé Dmitri Elena Farid Grace Hiroshi Ines Jonas Karim Lucía Mei Noah Olga Priya Quentin Rosa Samuel Tomasz Uma Viktor Wanjiru Ximena Yusuf Zoë".split(
    " ",
  );
const LAST_NAMES =
  "Almeida Brandt Castillo Dubois Eriksen Fischer García Haddad Ito Jensen Kowalski Lindqvist Moreau Nakamura Okafor Petrov Quinn Rossi Silva Tanaka Ünal Varga Weber Xu Yılmaz Zhang".split(
    " ",
  );
const USER_AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X) Safari/605.1.15",
  "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1) Mobile/15E148",
];
const DOCUMENT_KINDS = [
  "Roadmap",
  "Invoice",
  "Contract",
  "Payroll",
  "Design review",
  "Incident report",
  "Forecast",
];

export const SERVICES = [
  "api",
  "billing",
  "search",
  "notifications",
  "identity",
  "reports",
  "webhooks",
  "exports",
];
export const ROLES = ["viewer", "editor", "billing", "admin", "owner"];
export const NAMESPACES = ["production", "staging", "payments", "monitoring"];
export const REGIONS = ["eu-central-1", "us-east-1", "ap-southeast-2"];

/** The same arguments give the same cast. */
export function makeTenants(tenants: number, usersPerTenant: number): SimulatedTenant[] {
  return Array.from({ length: tenants }, (_, t) => {
    const id = t < TENANTS.length ? TENANTS[t]! : `tenant-${t + 1}`;
    return {
      id,
      users: Array.from({ length: usersPerTenant }, (__, u) => makeUser(id, t, u)),
      documents: Array.from({ length: usersPerTenant * 8 }, (__, d) => ({
        type: "document",
        id: `doc_${id}_${d + 1}`,
        name: `${DOCUMENT_KINDS[(d * 7 + t) % DOCUMENT_KINDS.length]!} ${2020 + (d % 7)}-${1 + (d % 12)}`,
      })),
    };
  });
}

function makeUser(tenant: string, t: number, u: number): SimulatedUser {
  const first = FIRST_NAMES[(u * 5 + t * 11) % FIRST_NAMES.length]!;
  const last = LAST_NAMES[(u * 3 + Math.floor(u / FIRST_NAMES.length) * 7 + t * 17) % LAST_NAMES.length]!;
  return {
    number: t * 1_000_000 + u,
    party: { type: "user", id: `usr_${tenant}_${u + 1}`, name: `${first} ${last}` },
    // Documentation addresses, RFC 5737 and RFC 3849.
    ip:
      u % 9 === 8
        ? `2001:db8:${(t + 1).toString(16)}::${(u + 1).toString(16)}`
        : `203.0.113.${((t * 31 + u) % 254) + 1}`,
    userAgent: USER_AGENTS[(u + t) % USER_AGENTS.length]!,
  };
}
