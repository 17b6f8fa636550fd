import type { ChooseFault, Fault } from "./fault-proxy.ts";

/** A fault for some requests, as another process can ask for it. */
export interface FaultRule {
  readonly fault: Fault;
  /** Only requests of this method. */
  readonly method?: string;
  /** Only requests whose path (with its query) has this in it. */
  readonly path?: string;
  /** Only so many of them; then the rule is used up. */
  readonly times?: number;
  /** With this probability. 1 unless told. */
  readonly share?: number;
}

/** The first rule that fits decides. */
export function chooseByRules(rules: readonly FaultRule[], random = Math.random): ChooseFault {
  const left = rules.map(({ times = Infinity }) => times);
  return ({ method, path }) => {
    const at = rules.findIndex(
      (rule, i) =>
        left[i]! > 0 &&
        (rule.method ?? method) === method &&
        path.includes(rule.path ?? "") &&
        random() < (rule.share ?? 1),
    );
    if (at < 0) return undefined;
    left[at]!--;
    return rules[at]!.fault;
  };
}
