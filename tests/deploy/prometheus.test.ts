import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SteleClient } from "@stele/client";
import { startNode } from "@stele/server";
import { parse } from "yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { metricsOf } from "./promql-metrics.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, ROOT), "utf8");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}

let rules: readonly Rule[];
let dashboard: Dashboard;
/** What a node serves at /metrics. */
const served = new Set<string>();

beforeAll(async () => {
  const groups: { readonly groups: readonly { readonly rules: readonly Rule[] }[] } = parse(
    await read("deploy/prometheus/stele-alerts.yaml"),
  );
  rules = groups.groups.flatMap((group) => group.rules);
  dashboard = JSON.parse(await read("deploy/grafana/stele-dashboard.json"));
  const dataDir = await mkdtemp(join(tmpdir(), "stele-metrics-"));
  const running = await startNode({ dataDir, port: 0 });
  try {
    await new SteleClient({ endpoints: [running.url] }).append([{ action: "a.b", actor: { id: "alice" } }]);
    for (const line of (await (await fetch(`${running.url}/metrics`)).text()).split("\n")) {
      const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (name === undefined) continue;
      served.add(name);
      if (type === "histogram") for (const part of ["bucket", "sum", "count"]) served.add(`${name}_${part}`);
    }
  } finally {
    await running.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});

/** Those that no node serves. `up` is made by Prometheus. */
const unknownIn = (expression: string): string[] =>
  [...metricsOf(expression)].filter((name) => name !== "up" && !served.has(name));

it.each([
  ['max by (code, log) (stele_alarms{code="a|b{c}"}) > 0', ["stele_alarms"]],
  ["sum(rate(a_count[5m])) / on (x) group_left (y) b_total offset 5m > 1e6", ["a_count", "b_total"]],
  [
    'histogram_quantile(0.99, sum by (le) (rate(c_bucket{x=~"5.."}[$__rate_interval]))) or vector(0)',
    ["c_bucket"],
  ],
  ["time() - on (log) group_right max by (log, w) (d) unless absent(up)", ["d", "up"]],
] as const)("knows the metrics of %s", (expression, names) => {
  expect([...metricsOf(expression)]).toEqual(names);
});

describe("the alert rules", () => {
  it("read metrics that a node serves", () => {
    expect(rules.length).toBeGreaterThan(30);
    expect(rules.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
    for (const { alert, expr } of rules) expect(metricsOf(expr).size, alert).toBeGreaterThan(0);
  });

  it("are well formed, each with a name of its own, a severity and a summary", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, for: wait, labels, annotations, ...rest } of rules) {
      expect(alert).toMatch(/^Stele[A-Za-z]+$/);
      expect(wait, alert).toMatch(/^\d+[smh]$/);
      expect(["critical", "warning"], alert).toContain(labels["severity"]);
      expect(Object.keys(annotations).toSorted(), alert).toEqual(["runbook", "summary"]);
      expect(Object.keys(rest), alert).toEqual(["expr"]);
    }
  });

  it("have a runbook that is there", async () => {
    for (const runbook of new Set(rules.map(({ annotations }) => annotations["runbook"]!))) {
      const [page, anchor] = runbook.split("#");
      const headings = [...(await read(page!)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        heading!
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, "")
          .replaceAll(" ", "-"),
      );
      expect(headings, runbook).toContain(anchor);
    }
  });

  it("have one for each alarm, of its severity, and one for those that are not known yet", async () => {
    const documented = [
      ...(await read("docs/operate/alarms.md")).matchAll(/^\| `([a-z_]+)` +\| (critical|warning) /gm),
    ];
    const ruled = rules.flatMap(({ expr, labels }) => {
      const code = /stele_alarms\{code="([a-z_]+)"\}/.exec(expr)?.[1];
      return code === undefined ? [] : [`${code} ${labels["severity"]}`];
    });
    expect(ruled.toSorted()).toEqual(
      documented.map(([, code, severity]) => `${code} ${severity}`).toSorted(),
    );
    const rest = rules.filter(({ expr }) => expr.includes("code!~"));
    expect(rest).toHaveLength(2);
    for (const { expr } of rest) {
      const known = /code!~"([a-z_|]+)"/.exec(expr)![1]!.split("|");
      expect(known.toSorted()).toEqual(documented.map(([, code = ""]) => code).toSorted());
    }
  });
});

describe("the dashboard", () => {
  it("reads metrics that a node serves, of the data source, nodes and logs that are chosen", () => {
    const targets = dashboard.panels.flatMap(({ targets: of = [] }) => of);
    expect(targets.length).toBeGreaterThan(40);
    expect(targets.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
    for (const { expr, datasource } of targets) {
      expect(datasource.uid).toBe("${datasource}");
      expect(expr).toContain('instance=~"$instance"');
    }
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(["datasource", "instance", "log"]);
  });

  it("lays its panels out beside each other", () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), title).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });
});

it("scrapes what the rules take for their job", async () => {
  const config: { readonly rule_files: readonly string[]; readonly scrape_configs: readonly object[] } =
    parse(await read("deploy/prometheus/prometheus.yaml"));
  expect(config.rule_files).toEqual(["stele-alerts.yaml"]);
  expect(config.scrape_configs).toMatchObject([{ job_name: "stele", metrics_path: "/metrics" }]);
});
