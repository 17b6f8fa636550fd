import "@mantine/core/styles.css";
import "./app/app.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { styleNonce } from "./app/nonce.ts";

const root = document.querySelector("#root");
if (!root) throw new Error("The page has no root");
// Where react-remove-scroll, which is below Mantine's dialogs, finds the nonce for the style that it makes.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
