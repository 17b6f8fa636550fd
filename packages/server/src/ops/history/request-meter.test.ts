import { expect, it } from "vitest";
import { LatencyBuckets } from "./latency-buckets.ts";
import { RequestMeter } from "./request-meter.ts";

it("counts requests a second by kind, and errors of the node", () => {
  let nowMs = 0;
  const meter = new RequestMeter(() => nowMs);
  const count = (method: string, route: string, status = 200): void =>
    meter.count({ method, route, status, seconds: 0.02 });
  count("POST", "/v1/logs/:log/events", 201);
  count("POST", "/v1/logs/:log/events", 503);
  count("POST", "/v1/logs/:log/events", 422);
  for (const what of ["events", "histogram", "top"]) count("GET", `/v1/logs/:log/${what}`);
  for (const what of ["events/:key", "sources", "tail", "keys"]) count("GET", `/v1/logs/:log/${what}`);
  count("GET", "/v1/logs");
  for (const what of ["proof/inclusion", "evidence", "checkpoint"]) count("GET", `/v1/logs/:log/${what}`);
  count("GET", "/logs/:log/tile/*");
  count("GET", "/metrics");
  count("POST", "/v1/logs/:log/key/rotate");
  nowMs = 10_000;
  const { perSecond, errorsPerSecond, appendSeconds, searchSeconds } = meter.take();
  expect(perSecond).toEqual({ append: 0.3, search: 0.3, read: 0.5, proof: 0.3, tiles: 0.1, other: 0.2 });
  expect(errorsPerSecond).toEqual({ append: 0.1, search: 0, read: 0, proof: 0, tiles: 0, other: 0 });
  expect(appendSeconds!.p50 / 0.02).toBeCloseTo(1, 1);
  expect(searchSeconds!.p99 / 0.02).toBeCloseTo(1, 1);
  nowMs = 20_000;
  expect(meter.take()).toMatchObject({ perSecond: { append: 0 }, appendSeconds: undefined });
});

it("tells quantiles of times within 5 %", () => {
  const buckets = new LatencyBuckets();
  expect(buckets.quantile(0.5)).toBeUndefined();
  for (let i = 1; i <= 1_000; i++) buckets.add(i / 1_000);
  for (const q of [0.01, 0.5, 0.9, 0.99]) {
    expect(Math.abs(buckets.quantile(q)! / q - 1), `${q}`).toBeLessThan(0.05);
  }
  for (const extreme of [0, 1e9]) buckets.add(extreme);
  expect(buckets.quantile(1)).toBeGreaterThan(100);
});
