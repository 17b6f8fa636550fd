import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addServeOptions, serveFlags, type ServeFlags } from "./serve-options.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "stele-options-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function config(text: string): string {
  const path = join(directory, "stele.yaml");
  writeFileSync(path, text);
  return path;
}

function read(...parameters: string[]): ServeFlags {
  const command = addServeOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return serveFlags(command.parse(parameters, { from: "user" }).opts());
}

describe("options of serve", () => {
  it("come from flags, then from the file, then from defaults", () => {
    const path = config(
      "port: 9000\nhost: 0.0.0.0\ncache-bytes: 2G\nstore-timeout: 1500ms\nmirror:\n  - file:///a\n  - file:///b\ns3-endpoint: http://a,http://b\n",
    );
    expect(read("--config", path, "--port", "9001")).toMatchObject({
      port: 9001,
      host: "0.0.0.0",
      cacheBytes: 2 * 2 ** 30,
      storeTimeout: 1_500,
      mirror: ["file:///a", "file:///b"],
      s3Endpoint: ["http://a", "http://b"],
      mirrorMode: "async",
      vaultLock: "required",
    });
    expect(read("--mirror", "file:///a", "--mirror", "file:///b").mirror).toEqual(["file:///a", "file:///b"]);
  });

  it.each([
    ["port: soon", /“port” is "soon"; expected a whole number/],
    ["retain: 0", /“retain” is 0; expected 1 or more/],
    ["cache-bytes: many", /“cache-bytes” is "many"; expected a number of bytes/],
    ["store-timeout: 5", /“store-timeout” is 5; expected a time/],
    ["lock: maybe", /“lock” is "maybe"; expected compliance or governance/],
    ["host: [a, b]", /“host” is \["a","b"\]; expected one value/],
    ["mirror: 7", /“mirror” is 7; expected a text, or a list of texts/],
    ["jurnal: s3://a", /“jurnal” is no option\. There are: .*journal/],
    ["- a\n- b", /expected “option: value” lines/],
    ["port: [", /stele\.yaml: .*/],
  ])("names file, key, value and what was expected: %s", (text, message) => {
    expect(() => read("--config", config(text))).toThrow(message);
    expect(() => read("--config", config(text))).toThrow("stele.yaml");
  });

  it("says so if the file is not there", () => {
    expect(() => read("--config", join(directory, "none.yaml"))).toThrow(
      /none\.yaml: it can't be read \(ENOENT\)/,
    );
  });
});
