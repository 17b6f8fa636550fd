/**
 * What a token may do: `writer` submits events and nothing else, `reader` reads everything, `admin` does both
 * and creates logs.
 */
export const ROLES = ["writer", "reader", "admin"] as const;

export type Role = (typeof ROLES)[number];

/** Whether somebody with the role `held` may do what needs the role `needed`. */
export function roleAllows(held: Role, needed: Role): boolean {
  return held === "admin" || held === needed;
}
