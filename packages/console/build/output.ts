import { join } from "node:path";

/** The server serves what is here, and knows nothing of how it was made. */
export const OUTPUT_DIRECTORY = join(import.meta.dirname, "../../server/assets/console");

/** The server puts a nonce of its own in its place in each answer: `CONSOLE_NONCE_PLACEHOLDER` there. */
export const NONCE_PLACEHOLDER = "{{stele-nonce}}";
