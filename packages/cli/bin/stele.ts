#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// Starting takes a third of the time with it. In the user's own directory: what others could write there would be run.
enableCompileCache(join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "stele"));

// Searches and the journal's writes share libuv's threads: a few slow searches must not hold up a commit.
process.env["UV_THREADPOOL_SIZE"] ||= "8";

const { main } = await import("../src/main.ts");
process.exitCode = await main(process.argv.slice(2));
