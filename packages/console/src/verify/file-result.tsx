import { useComputedColorScheme } from "@mantine/core";
// Raw: the build would else resolve `light-dark()` by attributes that are not seen in a shadow root.
import styles from "@stele/verifier-page/page.css?raw";
import { useEffect, useRef } from "react";

/**
 * What the verifier page made of a file, in a shadow root with the styles of that page: the same words and the same look as
 * the page that an auditor has, who does not have this node.
 */
export function FileResult({ view }: { readonly view: HTMLElement }) {
  const host = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    root.adoptedStyleSheets = [sheet];
    root.replaceChildren(view);
  }, [view]);
  return <div ref={host} style={{ colorScheme: scheme }} />;
}
