import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { NONCE_PLACEHOLDER, OUTPUT_DIRECTORY } from "./build/output.ts";

/** A node to develop against: `npx stele serve --demo`. */
const NODE = "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  html: { cspNonce: NONCE_PLACEHOLDER },
  build: {
    outDir: OUTPUT_DIRECTORY,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2024",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    proxy: {
      "/v1": { target: NODE, headers: { origin: NODE, host: "127.0.0.1:8080" } },
      "/logs": NODE,
    },
  },
});
