/** What is no metric though it stands alone: operators, modifiers, and what Grafana puts in. */
const WORDS = new Set(["and", "or", "unless", "bool", "offset", "inf", "nan"]);
/** What stands before a list of labels. */
const LABEL_LISTS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;

/** The metrics that a PromQL expression reads. */
export function metricsOf(expression: string): Set<string> {
  const bare = expression
    .replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "")
    .replaceAll(/\{[^}]*\}/g, " {}")
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(LABEL_LISTS, " ")
    .replaceAll(/\bgroup_(?:left|right)\b/g, " ");
  const names = new Set<string>();
  // Not what a number goes on with (1e6, 5m), and no function or aggregation: those have a parenthesis behind them.
  for (const [name] of bare.matchAll(/(?<![\w$.])[a-zA-Z_:][\w:]*(?!\w|\s*\()/g)) {
    if (!WORDS.has(name.toLowerCase())) names.add(name);
  }
  return names;
}
